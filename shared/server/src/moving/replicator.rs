//! What the work of a replicator needs: its store, its collection, and the addresses of its peers.

use std::sync::Arc;

use runtime::chain;
use store::{Peer, Store};

use super::{Moving, OwnershipCache};

/// Acts on the ownership of one collection.
pub(crate) struct Replicator {
    pub(super) store: Arc<Store>,
    pub(super) moving: Arc<Moving>,
    pub(super) ownership_cache: Arc<OwnershipCache>,
    /// Other addresses that the other side may have now.
    pub(super) elsewhere: Vec<String>,
}

impl Replicator {
    pub(crate) fn new(
        store: Arc<Store>,
        moving: Arc<Moving>,
        ownership_cache: Arc<OwnershipCache>,
        elsewhere: Vec<String>,
    ) -> Self {
        Self { store, moving, ownership_cache, elsewhere }
    }

    /// The addresses that a peer may have, most likely first.
    pub(super) fn addresses(&self, peer: &Peer) -> Vec<String> {
        let mut addresses = vec![peer.url.clone()];
        for address in &self.elsewhere {
            if !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
        addresses
    }

    /// Notes the address at which a peer was found, if it is a new one.
    pub(super) async fn readdress(&self, peer: &Peer, found: &str) {
        if peer.url == found {
            return;
        }
        let moved = Peer { store: peer.store.clone(), url: found.to_owned() };
        match self.store.readdress(&self.ownership_cache.collection, moved).await {
            Ok(_) => log::info!("{}: {} is now at {found}", self.ownership_cache.name(), peer.url),
            Err(error) => log::warn!("{}: {}", self.ownership_cache.name(), chain(&error)),
        }
    }
}
