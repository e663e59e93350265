//! A primary may have been taken for lost and given up by force, or its database may be from a backup. Then another
//! store may be the primary in a later epoch.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use runtime::chain;
use tokio::time::{sleep, timeout};

use super::advice::explained;
use super::collection_store::CollectionStore;
use super::ownership_cache::OwnershipCache;
use super::peers::Peers;
use crate::{MoveError, Ownership, Peer, Role};

/// How often a primary looks for one of a later epoch.
const LOOK: Duration = Duration::from_secs(20);
/// How often while a program has not answered.
const SOON: Duration = Duration::from_secs(1);
/// For how long a program that starts looks before it serves.
const START: Duration = Duration::from_secs(1);

/// Looks for a primary of a later epoch, and retires for it. A later epoch comes from a handover, or by force: then
/// what is written here is lost. A program that does not answer counts as no primary.
pub(super) struct SplitBrainCheck<S> {
    store: S,
    peers: Peers,
    ownership_cache: Arc<OwnershipCache>,
    /// The addresses that the other primary may have.
    addresses: Vec<String>,
    /// The programs that did not answer at the last look, and why.
    silent: HashMap<String, String>,
}

impl<S: CollectionStore> SplitBrainCheck<S> {
    /// Looks at nothing yet. The other side of a move may be at `addresses` by now.
    pub(super) fn new(
        store: S,
        peers: Peers,
        ownership_cache: Arc<OwnershipCache>,
        addresses: Vec<String>,
    ) -> Self {
        Self { store, peers, ownership_cache, addresses, silent: HashMap::new() }
    }

    /// The first look, before anything is served: what is written after it may be lost.
    pub(super) async fn begin(&mut self) {
        if timeout(START, self.look()).await.is_err() {
            log::warn!(
                "{}: not all can be asked whether they are the primary: looks again",
                self.ownership_cache.name()
            );
            self.silent.insert(String::new(), String::new());
        }
    }

    /// Looks every now and then, while the collection is in use and was given to this store. Never ends.
    pub(super) async fn watch(mut self) {
        loop {
            sleep(if self.silent.is_empty() { LOOK } else { SOON }).await;
            if self.ownership_cache.in_use() && self.ownership_cache.known().epoch > 1 {
                self.look().await;
            }
        }
    }

    /// Asks all of them, and retires if one knows of a later epoch.
    async fn look(&mut self) {
        match self.find_and_give_way().await {
            Ok(None) => {}
            Ok(Some(Ownership { epoch, successor, .. })) => {
                let primary = successor.map(|successor| successor.url).unwrap_or_default();
                log::error!(
                    "{}: {primary} is the primary in a later epoch than {epoch}, the one of this store: it was made the primary by \
                     force while this program was away, or this database is from a backup. It serves nothing any \
                     more. What was written here alone stays in its database: keep that aside, and start this \
                     program with an empty one",
                    self.ownership_cache.name()
                );
                self.ownership_cache.news.notify_one();
            }
            Err(error) => log::warn!("{}: {}", self.ownership_cache.name(), chain(&error)),
        }
    }

    /// The store's document after that, if it gave way.
    async fn find_and_give_way(&mut self) -> Result<Option<Ownership>, MoveError<S::Error>> {
        let own = self.ownership_cache.ask(&self.store).await.map_err(MoveError::Store)?;
        // A store that was never used shares its lineage with no other.
        let owns = own.role == Role::Primary && (own.rows || own.epoch > 1);
        let Some(peers) = self.peers.client().filter(|_| owns) else {
            self.silent.clear();
            return Ok(None);
        };
        let mut addresses = self.addresses.clone();
        let predecessor = own.predecessor.as_ref().map(|predecessor| predecessor.url.clone());
        addresses.extend(predecessor.filter(|url| !self.addresses.contains(url)));
        let asked = join_all(addresses.iter().map(|url| peers.ownership(url))).await;
        let mut silent = HashMap::new();
        let mut rival = None;
        for (url, answer) in addresses.into_iter().zip(asked) {
            match answer {
                Ok(found) => rival = rival.or_else(|| later(&own, found.ownership, &url)),
                Err(error) => {
                    silent.insert(url, explained(&error));
                }
            }
        }
        for (url, why) in &silent {
            // A store that never got the ownership has no rival, unless it is from a backup.
            if own.epoch > 1 && self.silent.get(url) != Some(why) {
                log::warn!(
                    "{}: whether {url} is the primary is not known: {why}",
                    self.ownership_cache.name()
                );
            }
        }
        self.silent = silent;
        let Some((to, epoch)) = rival else { return Ok(None) };
        self.store.give_way(to, &own.lineage, epoch).await.map(Some)
    }
}

/// The primary of a later epoch, if the store that was found says so: the store itself, or the one that it follows.
fn later(own: &Ownership, found: Ownership, url: &str) -> Option<(Peer, u64)> {
    if found.lineage != own.lineage || found.epoch <= own.epoch {
        return None;
    }
    let itself = Peer { store: found.store, url: url.to_owned() };
    let to = if found.role == Role::Primary { Some(itself) } else { found.successor };
    to.filter(|to| to.store != own.store).map(|to| (to, found.epoch))
}
