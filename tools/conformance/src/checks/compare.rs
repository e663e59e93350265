//! Fingerprints.

use std::collections::BTreeMap;

use replication::{Digest, Hashes, Key};
use serde_json::{Value, json};

use super::pages::Reader;
use crate::Rule;
use crate::Rule::{D1, D2, D3, D4};
use crate::run::Run;
use crate::stop::{Checked, Stop, must};
use crate::subject::{Answer, Subject};

/// Checks digests and hashes against the rows of the feed.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let subject = run.subject.clone();
    let made = run.create().await?;
    let mut reader = Reader::new();
    let own = subject.ownership().await?;
    reader.until(&subject, 10_000, own.position).await?;
    let keys: Vec<Key> = reader.rows.keys().cloned().collect();

    let walked = walk(&subject, 2).await?;
    let (first, last) = (&keys[0], &keys[keys.len() - 1]);
    let rows: u64 = walked.iter().map(|digest| digest.rows).sum();
    must!(
        D2,
        rows == keys.len() as u64,
        "digests of 2 rows each count {rows} rows, and the feed has {}",
        keys.len()
    );
    let sorted = walked.is_sorted_by_key(|digest| digest.to.clone());
    must!(D2, sorted, "the ends of the digests are not in the order of the keys");
    let end = walked.last().and_then(|digest| digest.to.clone());
    must!(
        D2,
        end.as_ref() == Some(last),
        "the last digest ends at {end:?}, and the last row is {}",
        last.shown()
    );

    let whole = of_all(&subject).await?;
    let hashes = range(&subject, last).await?;
    let given: Vec<_> = hashes.keys().cloned().collect();
    must!(
        D2,
        given == keys,
        "the hashes up to {} are of other rows than the feed has",
        last.shown()
    );
    must!(D1, of_all(&subject).await?.hash == whole.hash, "the digest of the same rows changed");
    let named = named(&subject, &[first, last]).await?;
    let same = named.iter().all(|(key, hash)| hashes.get(key) == Some(hash));
    must!(
        D1,
        same && named.len() == if first == last { 1 } else { 2 },
        "rows by name have other hashes than in a range"
    );

    let before = subject.ownership().await?;
    let number = run.number();
    let at = run.sample.change(&run.subject, &made, number).await?;
    let changed = range(&subject, last).await?;
    let other = hashes.iter().filter(|(key, hash)| changed.get(*key) != Some(hash)).count();
    must!(D1, other == 1, "one row was changed, and {other} hashes");
    must!(
        D1,
        of_all(&subject).await?.hash != whole.hash,
        "a row was changed, and the digest was not"
    );
    let said = of_all(&subject).await?.position;
    must!(D3, said >= at, "a digest after the write {at} is of {said}");
    must!(
        D3,
        before.position <= at.at,
        "the document before the write {at} was at {}",
        before.position
    );
    let recent = read::<Hashes>(&subject.get("hashes?recent=1").await?, D1)?;
    let newest = recent.rows.first();
    let known = newest.is_some_and(|row| changed.get(&row.key) == Some(&row.hash));
    must!(
        D1,
        recent.rows.len() == 1 && known,
        "the row that was changed last has another hash than in a range"
    );

    let gone = run.sample.delete(&run.subject, &made).await?;
    run.rows.retain(|row| row.url != made.url);
    reader.until(&subject, 10_000, gone.at).await?;
    let missing: Vec<_> = keys.iter().filter(|key| !reader.rows.contains_key(*key)).collect();
    let left = self::named(&subject, &missing).await?;
    must!(D1, left.is_empty(), "a deleted row still has a hash");
    let (asked, written) = futures_util::future::join(walk(&subject, 1), run.create()).await;
    asked?;
    let written = written.map(drop);
    must!(D4, written.is_ok(), "a row could not be made during a comparison: {written:?}");
    run.held(&[D1, D2, D3, D4]);
    Ok(())
}

/// The digest of all rows.
pub(super) async fn of_all(subject: &Subject) -> Checked<Digest> {
    read(&subject.get("digest?limit=1000000").await?, D1)
}

/// The digests of so many rows each.
async fn walk(subject: &Subject, limit: usize) -> Checked<Vec<Digest>> {
    let mut digests: Vec<Digest> = Vec::new();
    loop {
        let after = digests.last().and_then(|digest| digest.to.clone());
        let mut query = vec![("limit", limit.to_string())];
        query.extend(after.clone().map(|key| ("after", key.as_str().to_owned())));
        let digest: Digest = read(&subject.query("digest", &query).await?, D2)?;
        let onward = digest.to > after;
        must!(D2, onward || digest.rows == 0, "a digest after {after:?} ends at {:?}", digest.to);
        must!(
            D2,
            digest.rows <= limit as u64,
            "a digest of at most {limit} rows has {}",
            digest.rows
        );
        must!(
            D2,
            digest.last || digest.rows > 0,
            "a digest after {after:?} has no row, and is not the last one"
        );
        let last = digest.last;
        digests.extend((digest.rows > 0).then_some(digest));
        if last {
            return Ok(digests);
        }
    }
}

/// The hashes of all rows up to a key.
async fn range(subject: &Subject, to: &Key) -> Checked<BTreeMap<Key, String>> {
    let to = to.as_str().to_owned();
    by_key(read(&subject.query("hashes", &[("to", to)]).await?, D2)?)
}

async fn named(subject: &Subject, keys: &[&Key]) -> Checked<BTreeMap<Key, String>> {
    by_key(read(&subject.post("hashes", json!({"keys": keys})).await?, D1)?)
}

fn by_key(hashes: Hashes) -> Checked<BTreeMap<Key, String>> {
    let form = |hash: &str| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wrong = hashes.rows.iter().find(|row| !form(&row.hash));
    must!(D1, wrong.is_none(), "a hash is not of 32 hexadecimal digits: {wrong:?}");
    Ok(hashes.rows.into_iter().map(|row| (row.key, row.hash)).collect())
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer, rule: Rule) -> Checked<T> {
    let broken = |what: String| Stop::Broken(rule, format!("{what}: {}", answer.shown()));
    if answer.status != 200 {
        return Err(broken("a comparison is refused".into()));
    }
    let value: Value = answer.json();
    serde_json::from_value(value).map_err(|error| broken(error.to_string()))
}
