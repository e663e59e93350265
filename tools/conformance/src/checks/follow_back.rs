//! A store that handed over follows its successor, which the checks play.

use std::time::{Duration, Instant};

use replication::{Entry, FeedCursor, Followed, Key, Position, SideStatus};
use serde_json::{Value, from_value, json};

use super::compare::of_all;
use super::pages::Reader;
use crate::Rule::{F12, O3, S7, T6};
use crate::other_side::{OtherSide, deleted};
use crate::run::Run;
use crate::stop::{Checked, Stop, must};

/// How long a step of the program may take that it makes by itself, on a machine with much to do.
const END: Duration = Duration::from_secs(30);

/// A row, and a content that it had before.
pub(super) struct Changed {
    pub(super) url: String,
    pub(super) key: Key,
    pub(super) before: Value,
}

/// The played store becomes primary. The program must follow it from there, and apply what it writes.
pub(super) async fn check(
    run: &mut Run,
    other: &OtherSide,
    handed_over: &SideStatus,
    row: &Changed,
) -> Checked<Reader> {
    let mut reader = Reader::new();
    reader.until(&run.subject, 10_000, handed_over.position).await?;
    let Changed { key, before: content, .. } = row;
    let rev = reader.rows.get(key).map_or(0, |(rev, _)| *rev);
    let since = other.ownership().position;
    let epoch = handed_over.epoch + 1;
    let from = replication::Peer { store: handed_over.store.clone(), url: run.subject.url.clone() };
    other.become_primary(epoch, &from);

    let followed = followed(run, |followed| followed.source.store == other.peer().store).await?;
    must!(S7, followed.copied, "a store that had everything counts as not copied");
    let first = first_asked(other).await?;
    must!(
        S7,
        first.0 == FeedCursor::all(since),
        "the successor is primary since {since}, and is asked for what comes after {}",
        first.0
    );
    must!(A1, !other.is_untrusted(), "the program asks its successor without the token");
    run.held(&[S7]);

    let changed = json!({"row": {"key": key, "rev": rev + 1, "createdMs": 1, "updatedMs": 2, "content": content}});
    let at = other.write([entry(changed)?, entry(json!({"heartbeat": {"atMs": 1}}))?]);
    let wanted = Position { epoch, at };
    let answer = run.subject.get(&format!("ownership?covers={wanted}&wait=10000")).await?;
    let own = crate::subject::document(&answer)?;
    must!(
        O3,
        own.covers(wanted),
        "a wait of 10 s for {wanted}, which the source has given, ended at {:?}",
        own.followed
    );
    run.held(&[O3]);
    applied(run, &mut reader, key, Some(content)).await?;
    as_follower(run, other).await?;
    let at = other.write([entry(deleted(key, rev + 2))?]);
    self::followed(run, |followed| followed.covered >= Position { epoch, at }).await?;
    applied(run, &mut reader, key, None).await?;
    run.rows.retain(|made| made.url != row.url);
    run.held(&[F12]);

    passes(other, &handed_over.store, at).await?;
    run.held(&[T6]);
    Ok(reader)
}

fn entry(value: Value) -> Checked<Entry<Value>> {
    from_value(value)
        .map_err(|error| Stop::Failed(format!("the checks made a wrong entry: {error}")))
}

/// Waits until the program follows so far.
pub(super) async fn followed(run: &Run, far: impl Fn(&Followed) -> bool) -> Checked<Followed> {
    let end = Instant::now() + END;
    loop {
        let own = run.subject.ownership().await?;
        let state = own
            .following
            .as_ref()
            .map(|following| (following.state.name(), following.detail.clone()));
        if let Some(followed) = own.ownership.followed.clone().filter(|followed| far(followed)) {
            return Ok(followed);
        }
        must!(
            S7,
            Instant::now() < end,
            "the program does not follow its successor within {END:?}: {:?}, {state:?}",
            own.followed
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The first request for the successor's feed after it became primary.
async fn first_asked(other: &OtherSide) -> Checked<(FeedCursor, Option<String>)> {
    let end = Instant::now() + END;
    loop {
        // A probe begins at the start.
        let asked = other.asked().into_iter().find(|asked| asked.after != FeedCursor::START);
        if let Some(asked) = asked {
            return Ok((asked.after, asked.follower));
        }
        must!(
            S7,
            Instant::now() < end,
            "the program does not ask for the feed of its successor within {END:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The program's own feed has what it applied.
async fn applied(run: &Run, reader: &mut Reader, key: &Key, content: Option<&Value>) -> Checked {
    reader.page(&run.subject, 10_000, 0).await?;
    let found = reader.rows.get(key).map(|(_, content)| content);
    must!(
        F12,
        found == content,
        "the follower's own feed has {found:?} for {}, and its source {content:?}",
        key.shown()
    );
    of_all(&run.subject).await.map(drop)
}

/// What clients of a follower get.
async fn as_follower(run: &Run, other: &OtherSide) -> Checked {
    let subject = &run.subject;
    let read = subject.send(subject.at("GET", &subject.url)).await?;
    let copy = read.status == 200 && read.header("banyan-primary") == Some(other.url.as_str());
    must!(
        C4,
        copy,
        "a follower answers a read with {}, primary {:?}",
        read.shown(),
        read.header("banyan-primary")
    );
    let write = run.sample.try_create(subject, run.number()).await?;
    let refused = write.status == 421 && write.header("banyan-primary") == Some(other.url.as_str());
    must!(
        C1,
        refused,
        "a follower answers a write with {}, primary {:?}",
        write.shown(),
        write.header("banyan-primary")
    );
    let asked = subject.at("GET", &subject.url).header("banyan-read", "primary");
    let read = subject.send(asked).await?;
    must!(C5, read.status == 421, "a follower answers a read of the primary with {}", read.shown());
    Ok(())
}

/// The follower says its name and what is on its disk.
async fn passes(other: &OtherSide, store: &str, at: u64) -> Checked {
    let end = Instant::now() + END;
    loop {
        let asked = other.asked();
        let last = asked.iter().rfind(|asked| asked.after != FeedCursor::START);
        let named = last.and_then(|asked| asked.follower.as_deref());
        must!(T6, named == Some(store), "the follower {store} calls itself {named:?}");
        let passed = asked.iter().filter_map(|asked| asked.passed.as_ref().or(Some(&asked.after)));
        if named.is_some() && passed.max() >= Some(&FeedCursor::all(at)) {
            return Ok(());
        }
        must!(T6, Instant::now() < end, "the follower does not say that it has {at}: {last:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
