//! The last known primary of a collection, if it was not the service of its route.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::time::Instant;

use crate::limits::{PRIMARIES, PRIMARY_TIME};
use crate::service::Service;

/// Primaries by the first segment of the path. They are hints: if one is wrong, the service that it leads to says so,
/// and the hint is dropped.
///
/// A copy whose move was cancelled does not say so, because it owns what it holds. So a hint counts for one version
/// of the application's routes, which a cancelled copy loses, and only for a while.
#[derive(Debug, Default)]
pub(crate) struct Primaries {
    /// Whether there are any: most routes never have one.
    any: AtomicBool,
    known: Mutex<HashMap<String, PrimaryHint>>,
}

#[derive(Debug)]
struct PrimaryHint {
    service: Weak<Service>,
    /// The version of the table in which it was found.
    version: u64,
    until: Instant,
}

impl Primaries {
    /// The last known primary, if that still counts with this version of the table.
    pub(crate) fn get(&self, segment: &str, version: u64, now: Instant) -> Option<Arc<Service>> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let known = self.known();
        let hint = known.get(segment)?;
        let counts = hint.version == version && now < hint.until;
        counts.then(|| hint.service.upgrade()).flatten()
    }

    pub(crate) fn note(&self, segment: &str, service: &Arc<Service>, version: u64, now: Instant) {
        let mut known = self.known();
        if known.len() >= PRIMARIES {
            // Clients choose what a first segment is; what was a hint is found out again.
            known.clear();
        }
        let service = Arc::downgrade(service);
        known.insert(
            segment.to_owned(),
            PrimaryHint { service, version, until: now + PRIMARY_TIME },
        );
        self.any.store(true, Ordering::Relaxed);
    }

    pub(crate) fn forget(&self, segment: &str) {
        if self.any.load(Ordering::Relaxed) {
            let mut known = self.known();
            known.remove(segment);
            self.any.store(!known.is_empty(), Ordering::Relaxed);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, PrimaryHint>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use public_urls::Origin;
    use tokio::time::Instant;

    use super::{PRIMARIES, PRIMARY_TIME, Primaries};
    use crate::service::Service;
    use crate::upstream::Upstreams;

    fn service() -> Arc<Service> {
        let url = "http://posts:80".parse().unwrap();
        let upstream = Upstreams::new(0).get(Origin::of(&url).unwrap(), None);
        Arc::new(Service::new(upstream, &url))
    }

    #[test]
    fn a_primary_is_known_until_it_is_forgotten_or_gone_or_there_are_too_many() {
        let primary = service();
        let (primaries, now) = (Primaries::default(), Instant::now());
        let known = |segment| {
            primaries.get(segment, 1, now).is_some_and(|known| Arc::ptr_eq(&known, &primary))
        };
        assert!(!known("posts"));
        primaries.note("posts", &primary, 1, now);
        assert!(known("posts") && !known("users"));
        primaries.forget("posts");
        assert!(!known("posts"));
        (0..PRIMARIES * 3).for_each(|n| primaries.note(&n.to_string(), &primary, 1, now));
        assert!(primaries.known().len() <= PRIMARIES);
        primaries.note("posts", &primary, 1, now);
        assert!(known("posts"));
        drop(primary);
        assert!(primaries.get("posts", 1, now).is_none());
    }

    #[test]
    fn a_primary_counts_for_the_routes_it_was_found_with_and_for_a_minute() {
        let primary = service();
        let (primaries, now) = (Primaries::default(), Instant::now());
        primaries.note("posts", &primary, 1, now);
        let last = now + PRIMARY_TIME - Duration::from_millis(1);
        assert!(primaries.get("posts", 1, last).is_some());
        assert!(primaries.get("posts", 1, now + PRIMARY_TIME).is_none(), "too old");
        assert!(primaries.get("posts", 2, now).is_none(), "the routes are others");
        // A request that was on its way while they changed says nothing about the new ones.
        primaries.note("posts", &primary, 1, now);
        assert!(primaries.get("posts", 2, now).is_none());
    }
}
