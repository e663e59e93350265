//! From which epoch on an answer counts, by collection.

use std::collections::BTreeMap;

use arc_swap::ArcSwap;

/// The present epoch of each collection of an application whose ownership has ever changed, as the control plane knows
/// it. A store that answers in an earlier one was superseded, or has not heard of it yet. Read without a lock.
#[derive(Debug, Default)]
pub(crate) struct Epochs(ArcSwap<BTreeMap<String, u64>>);

impl Epochs {
    /// The present epoch of a collection; none where it was never told.
    pub(crate) fn get(&self, collection: &str) -> Option<u64> {
        self.0.load().get(collection).copied()
    }

    /// Whether none was ever told, as where nothing moves.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load().is_empty()
    }

    /// Counts for every answer that is looked at after this returns.
    pub(crate) fn set(&self, collection: &str, epoch: Option<u64>) {
        self.0.rcu(|known| {
            let mut known = BTreeMap::clone(known);
            match epoch {
                Some(epoch) => known.insert(collection.to_owned(), epoch),
                None => known.remove(collection),
            };
            known
        });
    }
}
