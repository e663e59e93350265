//! Who owned last what a route leads to, where it was not the route's own service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::proxy::limits::OWNERS;
use crate::proxy::upstream::Upstream;

/// Owners by the first segment of the path. A hint: whoever follows it is told where it is wrong, and forgets it.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    /// Whether there are any: most routes never have one.
    any: AtomicBool,
    known: Mutex<HashMap<String, Weak<Upstream>>>,
}

impl Owners {
    /// Who owned this last.
    pub(crate) fn get(&self, segment: &str) -> Option<Arc<Upstream>> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        self.known().get(segment).and_then(Weak::upgrade)
    }

    pub(crate) fn note(&self, segment: &str, owner: &Arc<Upstream>) {
        let mut known = self.known();
        if known.len() >= OWNERS {
            // Clients choose what a first segment is; what was a hint is found out again.
            known.clear();
        }
        known.insert(segment.to_owned(), Arc::downgrade(owner));
        self.any.store(true, Ordering::Relaxed);
    }

    pub(crate) fn forget(&self, segment: &str) {
        if self.any.load(Ordering::Relaxed) {
            let mut known = self.known();
            known.remove(segment);
            self.any.store(!known.is_empty(), Ordering::Relaxed);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Weak<Upstream>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{OWNERS, Owners};
    use crate::proxy::upstream::{Origin, Upstreams};

    #[test]
    fn an_owner_is_known_until_it_is_forgotten_or_gone_or_there_are_too_many() {
        let origin = Origin::of(&"http://posts:80".parse().unwrap()).unwrap();
        let upstream = Upstreams::new(1).get(origin);
        let owners = Owners::default();
        let known =
            |segment| owners.get(segment).is_some_and(|known| Arc::ptr_eq(&known, &upstream));
        assert!(!known("posts"));
        owners.note("posts", &upstream);
        assert!(known("posts") && !known("users"));
        owners.forget("posts");
        assert!(!known("posts"));
        (0..OWNERS * 3).for_each(|n| owners.note(&n.to_string(), &upstream));
        assert!(owners.known().len() <= OWNERS);
        owners.note("posts", &upstream);
        assert!(known("posts"));
        drop(upstream);
        assert!(owners.get("posts").is_none());
    }
}
