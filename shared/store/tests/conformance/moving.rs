//! What cases with two stores have in common.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use models::{Content, View};
use store::{Applied, Changes, Entry, FeedCursor, MoveError, Ownership, Peer, Position, Store};
use tokio::time::{sleep, timeout};

use crate::record::{NOTES, note, renamed};

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const FENCE: Duration = Duration::from_secs(30);

pub(crate) async fn ownership(store: &Store) -> Ownership {
    store.ownership(&NOTES).await.unwrap()
}

pub(crate) async fn insert(store: &Store, title: &str) -> u64 {
    store.insert(&NOTES, note(title, 1), None).await.unwrap().id
}

pub(crate) async fn rename(store: &Store, id: u64, title: &str) {
    store.update(&NOTES, id, store::Precondition::default(), renamed(title)).await.unwrap();
}

pub(crate) async fn delete(store: &Store, id: u64) {
    store.delete(&NOTES, id, store::Precondition::default()).await.unwrap();
}

pub(crate) async fn peer(store: &Store) -> Peer {
    let store = ownership(store).await.store;
    Peer { url: format!("http://{store}.test/api/notes"), store }
}

/// Makes one store follow another.
pub(crate) async fn follow(copy: &Store, source: &Store) {
    let Ownership { lineage, epoch, .. } = ownership(source).await;
    copy.follow(&NOTES, peer(source).await, &lineage, epoch, None).await.unwrap();
}

pub(crate) async fn changes(
    source: &Store,
    after: impl Borrow<FeedCursor>,
    limit: usize,
) -> Changes<Content> {
    source.changes(&NOTES, after.borrow(), None, limit).await.unwrap()
}

/// The id of an entry that is a row.
pub(crate) fn id(entry: &Entry<Content>) -> Option<u64> {
    match entry {
        Entry::Row(row) => Some(row.key.to_number().unwrap()),
        Entry::Heartbeat { .. } | Entry::Handover(_) => None,
    }
}

/// Applies the next page.
pub(crate) async fn pull(
    copy: &Store,
    source: &Store,
    limit: usize,
) -> Result<(Applied, bool), MoveError> {
    let followed = ownership(copy).await.followed.expect("it follows");
    let run = followed.run.as_deref();
    let page = Arc::new(source.changes(&NOTES, &followed.cursor, run, limit).await?);
    let applied = copy.apply(&NOTES, followed.cursor, Arc::clone(&page)).await?;
    Ok((applied, page.more))
}

/// Applies pages until the copy has all that the source has committed.
pub(crate) async fn catch_up(copy: &Store, source: &Store, limit: usize) {
    let Ownership { epoch, position: at, .. } = ownership(source).await;
    let wanted = Position { epoch, at };
    until(async || {
        let promoted = pull(copy, source, limit).await.unwrap().0.promoted;
        promoted || copy.position(&NOTES) >= wanted
    })
    .await;
}

/// Hands the ownership over and makes the old primary follow the new one.
pub(crate) async fn hand_over(from: &Store, to: &Store) {
    let epoch = ownership(from).await.epoch;
    let (giver, taker) = (peer(from).await, peer(to).await);
    from.fence(&NOTES, "move", epoch, FENCE).await.unwrap();
    catch_up(to, from, 100).await;
    let handover = from.handover(&NOTES, "move", epoch, taker.clone()).await.unwrap();
    assert_eq!((handover.epoch, &handover.to), (epoch + 1, &taker));
    until(async || pull(to, from, 100).await.unwrap().0.promoted).await;
    let Ownership { epoch, since, run, .. } = ownership(to).await;
    assert_ne!(giver.store, taker.store);
    from.follow_back(&NOTES, taker, epoch, since, &run).await.unwrap();
}

/// Waits until it is so.
pub(crate) async fn until(mut so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !so().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it comes to be");
}

/// All living rows with everything that can be read of them.
pub(crate) async fn rows(store: &Store) -> Vec<store::Row> {
    let query = store::PageQuery {
        filter: None,
        cursor: None,
        until: None,
        order: store::Order::Ascending,
        limit: 1_000,
    };
    let page = store.page(&NOTES, query, View::Full).await.unwrap();
    let shown: Vec<serde_json::Value> = serde_json::from_slice(&page.body).unwrap();
    let mut rows = Vec::new();
    for row in shown {
        let id = row["id"].as_u64().unwrap();
        let row = store.get(&NOTES, id).await.unwrap();
        rows.push(row.expect("there is no other write meanwhile"));
    }
    rows
}

pub(crate) fn key(key: &str) -> Option<store::Idempotency> {
    Some(store::Idempotency { key: key.into(), fingerprint: key.into() })
}
