//! The change feed of a primary.

use std::time::{Duration, Instant};

use replication::ErrorCode;
use serde_json::json;

use super::access::refused_as;
use super::pages::{Reader, heartbeats};
use crate::Rule::{F1, F2, F4, F5, F7, F8, F9, S11};
use crate::run::Run;
use crate::stop::{Checked, must};

/// For how long a change that does not come is waited for.
const WAIT: Duration = Duration::from_millis(500);
/// How long a heartbeat may take on a machine with much to do.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Checks what a follower relies on when it reads.
pub(crate) async fn check(run: &mut Run) -> Checked {
    from_the_start(run).await?;
    run.held(&[F1, F2]);
    limits(run).await?;
    run.held(&[F4, F5]);
    waiting(run).await?;
    run.held(&[F7]);
    history(run).await?;
    run.held(&[F9]);
    heard_of(run).await?;
    run.held(&[F8, S11]);
    Ok(())
}

/// Each change after a cursor, and all of them from the start. Notes the keys of the rows.
async fn from_the_start(run: &mut Run) -> Checked {
    let mut reader = Reader::new();
    let own = run.subject.ownership().await?;
    reader.until(&run.subject, 1_000, own.position).await?;
    let before = reader.rows.len();
    let made = run.create().await?;
    let known = reader.rows.clone();
    reader.until(&run.subject, 1_000, made.position.at).await?;
    let new: Vec<_> = reader.rows.iter().filter(|(key, _)| !known.contains_key(key)).collect();
    must!(
        F2,
        new.len() == 1,
        "a new row made {} new rows in the feed, of {before} before",
        new.len()
    );
    let key = new[0].0.clone();
    let first = reader.rows[&key].clone();

    let number = run.number();
    let at = run.sample.change(&run.subject, &made, number).await?;
    reader.until(&run.subject, 1_000, at.at).await?;
    let second = reader.rows.get(&key).cloned();
    must!(
        F2,
        second.as_ref().is_some_and(|row| row.1 != first.1),
        "a change of {} is not in the feed",
        key.shown()
    );

    let mut again = Reader::new();
    again.until(&run.subject, 1_000, at.at).await?;
    must!(
        F1,
        again.rows == reader.rows,
        "from the start the feed has other rows than page by page: {}",
        differ(&again, &reader)
    );

    let gone = run.sample.delete(&run.subject, &made).await?;
    run.rows.retain(|row| row.url != made.url);
    reader.until(&run.subject, 1_000, gone.at).await?;
    must!(
        F2,
        !reader.rows.contains_key(&key),
        "the row {} was deleted, and the feed does not say so",
        key.shown()
    );
    let mut fresh = Reader::new();
    fresh.until(&run.subject, 1_000, gone.at).await?;
    must!(
        F1,
        fresh.rows == reader.rows,
        "from the start the feed has other rows than page by page: {}",
        differ(&fresh, &reader)
    );
    Ok(())
}

/// The same rows with pages of one entry.
async fn limits(run: &mut Run) -> Checked {
    let last = run.create().await?.position;
    let (mut all, mut single) = (Reader::new(), Reader::new());
    all.until(&run.subject, 10_000, last.at).await?;
    single.until(&run.subject, 1, last.at).await?;
    must!(
        F4,
        all.rows == single.rows,
        "pages of 1 entry have other rows than one page: {}",
        differ(&single, &all)
    );
    Ok(())
}

/// An answer that waits, and one that need not.
async fn waiting(run: &mut Run) -> Checked {
    let mut reader = Reader::new();
    let own = run.subject.ownership().await?;
    reader.until(&run.subject, 10_000, own.position).await?;
    // Heartbeats of a follower that is remembered may still come.
    let mut quiet = false;
    for _ in 0..100 {
        let start = Instant::now();
        let page = reader.page(&run.subject, 10_000, WAIT.as_millis() as u64).await?;
        if page.entries.is_empty() {
            let took = start.elapsed();
            must!(F7, took >= WAIT, "a wait of {WAIT:?} ended without an entry after {took:?}");
            quiet = true;
            break;
        }
    }
    must!(F7, quiet, "the feed of an idle collection has new entries all the time");
    let long = 10_000;
    let mut waits = reader.clone();
    let start = Instant::now();
    let number = run.number();
    let (page, made) = futures_util::future::join(
        waits.page(&run.subject, 10_000, long),
        run.sample.create(&run.subject, number),
    )
    .await;
    let made = made?;
    run.rows.push(made.clone());
    let took = start.elapsed();
    let page = page?;
    let soon = took < Duration::from_millis(long);
    must!(F7, soon && !page.entries.is_empty(), "a write did not end a wait for it: {took:?}");
    Ok(())
}

/// A reader that knows more than the store does.
async fn history(run: &mut Run) -> Checked {
    let own = run.subject.ownership().await?;
    let beyond = own.position + 1_000_000_000_000;
    let present = own.position;
    let cases = [
        ("a cursor beyond the feed", format!("changes?after={beyond}")),
        ("a run that never was", format!("changes?after={present}&run=0123456789abcdef.{present}")),
    ];
    for (what, path) in cases {
        let answer = run.subject.get(&path).await?;
        refused_as(F9, what, &answer, ErrorCode::WentBack)?;
    }
    Ok(())
}

/// A follower is remembered, gets heartbeats, and is forgotten.
async fn heard_of(run: &mut Run) -> Checked {
    let follower = format!("check{:016x}", fastrand::u64(..));
    let mut reader = Reader::new();
    reader.until(&run.subject, 10_000, run.subject.ownership().await?.position).await?;
    let (end, mut beats) = (Instant::now() + HEARTBEAT, 0);
    while beats < 2 {
        must!(
            F8,
            Instant::now() < end,
            "{beats} heartbeats came within {HEARTBEAT:?} while a follower asks"
        );
        let path = format!("changes?after={}&wait=500&follower={follower}", reader.cursor);
        let answer = run.subject.get(&path).await?;
        must!(F8, answer.status == 200, "a follower is answered {}", answer.shown());
        beats += heartbeats(&reader.page(&run.subject, 10_000, 500).await?);
    }
    let known = run.subject.ownership().await?;
    let seen = known.followers.iter().any(|seen| seen.store == follower);
    must!(S11, seen, "`followers` lacks {follower}, which reads the feed");
    for _ in 0..2 {
        run.subject.done("forget", json!({"follower": follower})).await?;
    }
    let known = run.subject.ownership().await?;
    let seen = known.followers.iter().any(|seen| seen.store == follower);
    must!(S11, !seen, "`followers` still has {follower} after forget");
    Ok(())
}

/// The first row in which two readers differ.
pub(super) fn differ(one: &Reader, other: &Reader) -> String {
    let mut keys: Vec<_> = one.rows.keys().chain(other.rows.keys()).collect();
    keys.sort();
    let different = keys.into_iter().find(|key| one.rows.get(*key) != other.rows.get(*key));
    different.map_or_else(String::new, |key| {
        let shown = |reader: &Reader| {
            reader.rows.get(key).map(|(rev, content)| format!("rev {rev}, {content}"))
        };
        let none = || "no such row".to_owned();
        format!(
            "{}: {}, not {}",
            key.shown(),
            shown(one).unwrap_or_else(none),
            shown(other).unwrap_or_else(none)
        )
    })
}
