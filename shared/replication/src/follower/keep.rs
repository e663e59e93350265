//! The tasks of one collection.

use std::future::Future;
use std::sync::Arc;

use super::collection_store::CollectionStore;
use super::heartbeat::beat;
use super::ownership_cache::OwnershipCache;
use super::peers::Peers;
use super::replicator::Replicator;
use super::split_brain_check::SplitBrainCheck;

/// Makes sure that no other store was made the primary of the collection. Then gives the tasks that act on its ownership,
/// which never end. The other side of a move may be at `elsewhere`.
pub async fn keep<S: CollectionStore + Clone>(
    store: S,
    peers: Peers,
    cache: Arc<OwnershipCache>,
    elsewhere: Vec<String>,
) -> impl Future<Output = ()> {
    let parts = || (store.clone(), peers.clone(), Arc::clone(&cache));
    let (checked, to_ask, known) = parts();
    let mut split_brain_check = SplitBrainCheck::new(checked, to_ask, known, elsewhere.clone());
    let (copy, to_ask, known) = parts();
    let replicator = Replicator::new(copy, to_ask, known, elsewhere);
    split_brain_check.begin().await;
    async move {
        let tasks = (replicator.keep(), beat(store, cache), split_brain_check.watch());
        futures_util::future::join3(tasks.0, tasks.1, tasks.2).await;
    }
}
