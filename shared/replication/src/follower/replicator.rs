//! What the work of a replicator needs: its store, its collection, and the addresses of its peers.

use std::sync::Arc;

use runtime::chain;

use super::collection_store::CollectionStore;
use super::ownership_cache::OwnershipCache;
use super::peers::Peers;
use crate::Peer;

/// Acts on the ownership of one collection.
pub struct Replicator<S> {
    pub(super) store: S,
    pub(super) peers: Peers,
    pub(super) ownership_cache: Arc<OwnershipCache>,
    /// Other addresses that the other side may have now.
    pub(super) elsewhere: Vec<String>,
}

impl<S: CollectionStore> Replicator<S> {
    /// Begins nothing yet. The other side of a move may be at `elsewhere` by now.
    pub fn new(
        store: S,
        peers: Peers,
        ownership_cache: Arc<OwnershipCache>,
        elsewhere: Vec<String>,
    ) -> Self {
        Self { store, peers, ownership_cache, elsewhere }
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
        match self.store.readdress(moved).await {
            Ok(_) => log::info!("{}: {} is now at {found}", self.ownership_cache.name(), peer.url),
            Err(error) => log::warn!("{}: {}", self.ownership_cache.name(), chain(&error)),
        }
    }
}
