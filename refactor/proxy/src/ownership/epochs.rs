//! From which epoch on an answer counts, by collection.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use routes::RequestPath;

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

    /// Whether a collection moves or has moved whose name, or the last segment of it, is this.
    pub(crate) fn moves(&self, name: &str) -> bool {
        let is_named = |known: &String| {
            known
                .strip_suffix(name)
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        self.0.load().keys().any(is_named)
    }

    /// The collection that a path belongs to: the longest known name that the path begins with, or else its first
    /// segment.
    pub(crate) fn collection<'a>(&self, path: &RequestPath<'a>) -> Option<Cow<'a, str>> {
        let (first, mut rest) = path.segments().split()?;
        let known = self.0.load();
        if !known.keys().any(|name| name.contains('/')) {
            return Some(first);
        }
        let (mut name, mut found) = (first.clone().into_owned(), first);
        loop {
            name.push('/');
            // If no name goes on from here, none is longer.
            if !known.range(name.clone()..).next().is_some_and(|(next, _)| next.starts_with(&name))
            {
                return Some(found);
            }
            let Some((segment, behind)) = rest.split() else { return Some(found) };
            name.push_str(&segment);
            rest = behind;
            if known.contains_key(&name) {
                found = Cow::Owned(name.clone());
            }
        }
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

#[cfg(test)]
mod tests {
    use routes::{PathScope, RequestPath};

    use super::{Epoch, Epochs};

    #[test]
    fn a_path_belongs_to_the_longest_collection_that_it_begins_with() {
        let epochs = Epochs::default();
        let of = |target: &str| {
            let Ok(PathScope::Application(path)) = RequestPath::place(target, "") else {
                panic!("{target}")
            };
            epochs.collection(&path).map(|name| name.into_owned())
        };
        assert_eq!(of("/api/orders/7").as_deref(), Some("api"));
        for name in ["users", "api/orders", "api/v1/items"] {
            epochs.set(name, Some(Epoch::default()));
        }
        for (target, collection) in [
            ("/users/7", "users"),
            ("/api/orders", "api/orders"),
            ("//api/%6frders//7?a=/", "api/orders"),
            ("/api/v1/items/7", "api/v1/items"),
            ("/api/v1", "api"),
            ("/api/v1/other", "api"),
            ("/api/ordersx", "api"),
            ("/other", "other"),
        ] {
            assert_eq!(of(target).as_deref(), Some(collection), "{target}");
        }
        assert_eq!(of("/"), None);
        for (name, moves) in [
            ("users", true),
            ("orders", true),
            ("items", true),
            ("api", false),
            ("sers", false),
            ("rders", false),
        ] {
            assert_eq!(epochs.moves(name), moves, "{name}");
        }
    }
}
