//! An owner that was taken for lost, and given up by force.

use std::time::Duration;

use store::{MoveError, Ownership, Peer, Record, Role, Store};
use tokio::time::sleep;

use super::{Custody, Moving};
use crate::problem::chain;

/// How often an owner looks for one of a later epoch.
const LOOK: Duration = Duration::from_secs(30);

/// Looks every now and then until the program stops, while the collection is in use.
pub(crate) async fn watch<R: Record>(
    store: &Store,
    moving: &Moving,
    custody: &Custody,
    addresses: &[String],
) {
    let looks = async {
        loop {
            sleep(LOOK).await;
            if custody.in_use() {
                give_way::<R>(store, moving, custody, addresses).await;
            }
        }
    };
    tokio::select! {
        () = looks => {}
        () = moving.stopped() => {}
    }
}

/// Retires where the collection has an owner of a later epoch at one of these addresses. Epochs are handed on by
/// their owner, or by force: then whatever is written here is lost. Who does not answer counts as none.
pub(crate) async fn give_way<R: Record>(
    store: &Store,
    moving: &Moving,
    custody: &Custody,
    addresses: &[String],
) {
    match find_and_give_way::<R>(store, moving, addresses).await {
        Ok(None) => {}
        Ok(Some(Ownership { epoch, successor, .. })) => {
            let by = successor.map(|successor| successor.url).unwrap_or_default();
            log::error!(
                "{}: {by} was made the owner by force while this program was taken for lost in epoch {epoch}: it serves \
                 nothing any more. What was written here alone stays in its database: keep that aside, and start this \
                 program with an empty one",
                custody.collection
            );
            custody.news.notify_one();
        }
        Err(error) => log::warn!("{}: {}", custody.collection, chain(&error)),
    }
}

/// What the store is then, where it gave way.
async fn find_and_give_way<R: Record>(
    store: &Store,
    moving: &Moving,
    addresses: &[String],
) -> Result<Option<Ownership>, MoveError> {
    let own = store.ownership::<R>().await?;
    // Nobody else was ever given what a store has had from the beginning.
    let given = own.role == Role::Primary && own.epoch > 1;
    let Some(peers) = moving.peers.as_ref().filter(|_| given) else { return Ok(None) };
    for url in addresses {
        let Ok(found) = peers.ownership(url).await else { continue };
        let same = found.lineage == own.lineage && found.store != own.store;
        if same && found.role == Role::Primary && found.epoch > own.epoch {
            let to = Peer { store: found.store, url: url.clone() };
            return store.give_way::<R>(to, &own.lineage, found.epoch).await.map(Some);
        }
    }
    Ok(None)
}
