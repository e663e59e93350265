//! What a source does for its followers: heartbeats, by which they measure how far they are behind, and
//! keeping deleted rows no longer than they need them.

use std::sync::Arc;
use std::time::Duration;

use runtime::chain;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::collection_store::CollectionStore;
use super::lag::HEARTBEAT;
use super::ownership_cache::OwnershipCache;
use crate::{MoveError, Role};

/// How often deleted rows are purged. Each time makes the store's history longer, and they are a week old.
const PURGE: Duration = Duration::from_secs(600);
/// How long to wait after a heartbeat that failed: a full disk stays full for a while, and each one is logged.
const AGAIN: Duration = Duration::from_secs(1);
/// The most portions that are purged between two heartbeats, so that clients' writes come in between too.
const PORTIONS: usize = 20;

/// Does both for one collection. Never ends.
pub(super) async fn beat<S: CollectionStore>(store: S, ownership_cache: Arc<OwnershipCache>) {
    let mut ticks = interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut purge_at = Instant::now() + PURGE;
    let (mut beats, mut beat_at) = (true, Instant::now());
    loop {
        ticks.tick().await;
        if store.role() != Role::Primary {
            continue;
        }
        if ownership_cache.is_followed() && Instant::now() >= beat_at {
            beats = heartbeat(&store, &ownership_cache, beats).await;
            beat_at = Instant::now() + if beats { Duration::ZERO } else { AGAIN };
        }
        // A database is not woken for its deleted rows.
        if Instant::now() >= purge_at && ownership_cache.in_use() {
            let done = purge(&store, &ownership_cache).await;
            purge_at = Instant::now() + if done { PURGE } else { HEARTBEAT };
        }
    }
}

/// Makes a heartbeat. Says whether that went well, and logs the first time that it does not.
async fn heartbeat(
    store: &impl CollectionStore,
    ownership_cache: &OwnershipCache,
    went_well: bool,
) -> bool {
    match store.heartbeat().await {
        // Another store is the primary by now. The next tick knows it.
        Ok(()) | Err(MoveError::NotPrimary { .. }) => true,
        Err(error) => {
            if went_well {
                log::warn!("{}: makes no heartbeats: {}", ownership_cache.name(), chain(&error));
            }
            false
        }
    }
}

/// Purges some portions; says whether there is nothing to go on with.
async fn purge(store: &impl CollectionStore, ownership_cache: &OwnershipCache) -> bool {
    let mut purged = 0;
    let mut done = false;
    for _ in 0..PORTIONS {
        let portion = store.purge_tombstones().await;
        let rows = portion.unwrap_or_else(|error| {
            log::warn!("{}: purges no deleted rows: {}", ownership_cache.name(), chain(&error));
            0
        });
        purged += rows;
        done = rows == 0;
        if done {
            break;
        }
    }
    if purged > 0 {
        log::info!("{}: purged {purged} deleted rows", ownership_cache.name());
    }
    done
}
