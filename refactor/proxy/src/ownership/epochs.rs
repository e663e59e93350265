//! From which epoch on an answer counts, by collection.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// In which epoch a collection that moves is, as the control plane knows it. All is 0 before the first change of
/// primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// The present one: a store that is asked now, and answers in an earlier one, is not its primary.
    pub present: u64,
    /// What was written in an epoch below this one may be lost, for its primary was given up by force; 0 if none ever was. An
    /// ordinary change of primary loses nothing of the epochs before it, however late they are answered.
    pub lost_below: u64,
}

impl Epoch {
    /// The first epoch of which an answer to a read counts.
    pub fn first(self) -> u64 {
        self.present.max(self.lost_below)
    }
}

/// The epoch of each collection of an application that moves or has moved. Read without a lock.
#[derive(Debug, Default)]
pub(crate) struct Epochs(ArcSwap<BTreeMap<String, Epoch>>);

impl Epochs {
    /// The epoch of a collection; none if its primary has never changed.
    pub(crate) fn get(&self, collection: &str) -> Option<Epoch> {
        self.0.load().get(collection).copied().filter(|epoch| epoch.first() > 0)
    }

    /// Whether a collection moves or has moved.
    pub(crate) fn moves(&self, collection: &str) -> bool {
        self.0.load().contains_key(collection)
    }

    /// Whether none was ever told: nothing moves.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load().is_empty()
    }

    /// Replaces all; counts for every answer that is looked at after this returns.
    pub(crate) fn set_all(&self, epochs: BTreeMap<String, Epoch>) {
        self.0.store(Arc::new(epochs));
    }

    /// Counts for every answer that is looked at after this returns.
    pub(crate) fn set(&self, collection: &str, epoch: Option<Epoch>) {
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
