//! A store that was never used follows the program.

use std::time::{Duration, Instant};

use replication::{ErrorCode, FeedCursor, Role};
use serde_json::json;

use super::access::refused_as;
use super::compare::of_all;
use crate::Rule::{F12, T1, T2, T5, T9};
use crate::run::Run;
use crate::stop::{Checked, Stop, must};
use crate::subject::Subject;

/// How long the copy may take, on a machine with much to do.
const END: Duration = Duration::from_secs(60);

/// It copies the collection, follows it, and leaves.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let Some(empty) = run.empty.clone() else { return Ok(()) };
    let done = follows(run, &empty).await;
    let left = leaves(run, &empty).await;
    done.and(left)
}

async fn follows(run: &mut Run, empty: &Subject) -> Checked {
    let source = run.subject.clone();
    let own = empty.ownership().await?;
    if own.role != Role::Primary || own.rows || own.epoch != 1 {
        return Err(Stop::Failed(format!(
            "{} has been in use: --empty takes a new store",
            empty.url
        )));
    }
    let follow = |of: &str| json!({"source": of, "maxRowsPerSecond": null});
    refused_as(
        T1,
        "a store that is to follow itself",
        &empty.post("follow", follow(&empty.url)).await?,
        ErrorCode::SameStore,
    )?;
    refused_as(
        T1,
        "a store in use that is to follow",
        &source.post("follow", follow(&empty.url)).await?,
        ErrorCode::InUse,
    )?;
    let from = source.ownership().await?;
    let begun = empty.done("follow", follow(&source.url)).await?;
    let as_source =
        begun.lineage == from.lineage && begun.epoch == from.epoch && begun.store == own.store;
    must!(
        T2,
        begun.follows(&from.store) && as_source,
        "after follow the document is {:?}",
        begun.ownership
    );
    let again =
        empty.done("follow", json!({"source": source.url, "maxRowsPerSecond": 1_000_000})).await?;
    must!(T2, again.follows(&from.store), "the same source again changed {:?}", again.followed);
    run.held(&[T1, T2]);

    let last = run.create().await?.position;
    let end = Instant::now() + END;
    loop {
        let own = empty.ownership().await?;
        let followed = own.ownership.followed.clone();
        let followed =
            followed.ok_or_else(|| Stop::Broken(T5, "a follower follows nothing".into()))?;
        let begins = followed.cursor == FeedCursor::START;
        must!(
            T5,
            !(begins && followed.copied),
            "a copy that has nothing yet says that it is whole"
        );
        if followed.copied && followed.covered >= last {
            break;
        }
        must!(
            T5,
            Instant::now() < end,
            "the copy is not whole within {END:?}: {followed:?}, {:?}",
            own.following
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (here, there) = (of_all(empty).await?, of_all(&source).await?);
    let same = (here.rows, &here.hash) == (there.rows, &there.hash);
    must!(
        T5,
        same,
        "the copy has {} rows with the digest {}, and its source {} with {}",
        here.rows,
        here.hash,
        there.rows,
        there.hash
    );
    let feed = empty.get("changes").await?;
    must!(F12, feed.status == 200, "the feed of a follower is answered {}", feed.shown());
    let read = empty.send(empty.at("GET", &empty.url)).await?;
    let names = read.header("banyan-primary") == Some(source.url.as_str());
    must!(
        C4,
        read.status == 200 && names,
        "a copy answers a read with {}, primary {:?}",
        read.shown(),
        read.header("banyan-primary")
    );
    run.held(&[T5]);
    Ok(())
}

async fn leaves(run: &mut Run, empty: &Subject) -> Checked {
    let before = empty.ownership().await?;
    let after = empty.done("cancel", json!({})).await?;
    let anew = after.store != before.store && after.lineage != before.lineage && !after.rows;
    must!(
        T9,
        anew && after.role == Role::Primary,
        "after cancel the document is {:?}",
        after.ownership
    );
    must!(
        T9,
        after.forwarded.as_deref() == Some(&run.subject.url),
        "after cancel `forwarded` is {:?}",
        after.forwarded
    );
    let read = empty.send(empty.at("GET", &empty.url)).await?;
    must!(C4, read.status == 421, "a cancelled store answers a read with {}", read.shown());
    let feed = empty.get("changes").await?;
    refused_as(F12, "the feed of a cancelled store", &feed, ErrorCode::NotPrimary)?;
    let again = empty.post("cancel", json!({})).await?;
    must!(T9, again.status == 200, "cancel again is answered {}", again.shown());
    // It tells its source if it can; otherwise the source waits for it.
    run.subject.done("forget", json!({"follower": before.store})).await?;
    run.held(&[T9]);
    Ok(())
}
