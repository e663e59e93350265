//! A primary that was taken for lost and given up by force, or whose database is from a backup: somebody else may own
//! the collection in a later epoch.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use runtime::chain;
use store::{MoveError, Ownership, Peer, Role, Store};
use tokio::time::{sleep, timeout};

use super::{Moving, OwnershipCache};

/// How often a primary looks for one of a later epoch.
const LOOK: Duration = Duration::from_secs(20);
/// How often while somebody has not answered.
const SOON: Duration = Duration::from_secs(1);
/// For how long a program that starts looks before it serves.
const START: Duration = Duration::from_secs(1);

/// Looks for a primary of a later epoch, and retires for it: epochs are handed on by their primary, or by force, and what
/// is written here then is lost. Who does not answer counts as none.
pub(crate) struct SplitBrainCheck {
    store: Arc<Store>,
    moving: Arc<Moving>,
    ownership_cache: Arc<OwnershipCache>,
    /// Where the other primary may be.
    addresses: Vec<String>,
    /// Who did not answer at the last look, and why.
    silent: HashMap<String, String>,
}

impl SplitBrainCheck {
    pub(crate) fn new(
        store: Arc<Store>,
        moving: Arc<Moving>,
        ownership_cache: Arc<OwnershipCache>,
        addresses: Vec<String>,
    ) -> Self {
        Self { store, moving, ownership_cache, addresses, silent: HashMap::new() }
    }

    /// The first look, before anything is served: what is written after it may be lost.
    pub(crate) async fn begin(&mut self) {
        if timeout(START, self.look()).await.is_err() {
            log::warn!(
                "{}: not all can be asked whether they are the primary: looks again",
                self.ownership_cache.name()
            );
            self.silent.insert(String::new(), String::new());
        }
    }

    /// Looks every now and then until the program stops, while the collection is in use and was given to this store.
    pub(crate) async fn watch(mut self) {
        let moving = Arc::clone(&self.moving);
        let looks = async {
            loop {
                sleep(if self.silent.is_empty() { LOOK } else { SOON }).await;
                if self.ownership_cache.in_use() && self.ownership_cache.known().epoch > 1 {
                    self.look().await;
                }
            }
        };
        tokio::select! {
            () = looks => {}
            () = moving.stopped() => {}
        }
    }

    /// Asks all of them, and retires where one knows of a later epoch.
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

    /// What the store is then, where it gave way.
    async fn find_and_give_way(&mut self) -> Result<Option<Ownership>, MoveError> {
        let own = self.ownership_cache.ask(&self.store).await?;
        let moving = Arc::clone(&self.moving);
        // A store that was never used shares its lineage with nobody.
        let owns = own.role == Role::Primary && (own.rows || own.epoch > 1);
        let Some(peers) = moving.peers.as_ref().filter(|_| owns) else {
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
                Ok(found) => rival = rival.or_else(|| later(&own, found, &url)),
                Err(error) => {
                    silent.insert(url, error.to_string());
                }
            }
        }
        for (url, why) in &silent {
            // A store that was never given anything has, but for a backup, nobody to fear.
            if own.epoch > 1 && self.silent.get(url) != Some(why) {
                log::warn!(
                    "{}: whether {url} is the primary is not known: {why}",
                    self.ownership_cache.name()
                );
            }
        }
        self.silent = silent;
        let Some((to, epoch)) = rival else { return Ok(None) };
        self.store
            .give_way(&self.ownership_cache.collection, to, &own.lineage, epoch)
            .await
            .map(Some)
    }
}

/// Who owns the collection in a later epoch, where the one that was found there says so: itself, or whom it follows.
fn later(own: &Ownership, found: Ownership, url: &str) -> Option<(Peer, u64)> {
    if found.lineage != own.lineage || found.epoch <= own.epoch {
        return None;
    }
    let itself = Peer { store: found.store, url: url.to_owned() };
    let to = if found.role == Role::Primary { Some(itself) } else { found.successor };
    to.filter(|to| to.store != own.store).map(|to| (to, found.epoch))
}
