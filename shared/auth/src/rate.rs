//! How often something may happen, for each of many.

use std::hash::Hash;
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// How many are told apart. The one that did nothing for longest is forgotten.
const MOST: NonZero<usize> = NonZero::new(10_000).expect("not zero");

/// At most so many in a time, for each key; a burst may take all of them at once (the leaky bucket as a meter, ITU-T I.371).
#[derive(Debug)]
pub struct Rate<K: Hash + Eq> {
    most: u32,
    window: Duration,
    /// When a bucket is empty again.
    empty_at: Mutex<LruCache<K, Instant>>,
}

/// It happened too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How long until it may happen again.
    pub wait: Duration,
}

impl<K: Hash + Eq> Rate<K> {
    /// At most `most` in each `window`.
    pub fn new(most: u32, window: Duration) -> Self {
        Self { most: most.max(1), window, empty_at: Mutex::new(LruCache::new(MOST)) }
    }

    /// How many may happen in a window.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// The time in which so many may happen.
    pub fn window(&self) -> Duration {
        self.window
    }

    /// Notes that it happens now.
    ///
    /// # Errors
    /// If it happened too often. Then it is not noted.
    pub fn take(&self, key: K, now: Instant) -> Result<(), TooMany> {
        let mut known = self.lock();
        let empty = known.get(&key).copied().unwrap_or(now).max(now);
        self.room(empty, now)?;
        known.put(key, empty + self.window / self.most);
        Ok(())
    }

    /// Whether it may happen now; notes nothing.
    ///
    /// # Errors
    /// If it happened too often.
    pub fn look(&self, key: &K, now: Instant) -> Result<(), TooMany> {
        let empty = self.lock().peek(key).copied().unwrap_or(now).max(now);
        self.room(empty, now)
    }

    fn room(&self, empty: Instant, now: Instant) -> Result<(), TooMany> {
        let filled = empty + self.window / self.most - now;
        match filled.checked_sub(self.window) {
            Some(wait) if !wait.is_zero() => Err(TooMany { wait }),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<K, Instant>> {
        self.empty_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Rate, TooMany};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_takes_all_and_then_one_at_a_time_is_free() {
        let (rate, start) = (Rate::new(6, 60 * SECOND), Instant::now());
        for _ in 0..6 {
            assert_eq!(rate.look(&"a", start), Ok(()));
            assert_eq!(rate.take("a", start), Ok(()));
        }
        assert_eq!(rate.take("a", start), Err(TooMany { wait: 10 * SECOND }));
        assert_eq!(rate.look(&"a", start + 4 * SECOND), Err(TooMany { wait: 6 * SECOND }));
        assert_eq!(rate.take("b", start), Ok(()), "each has a bucket of its own");
        assert_eq!(rate.take("a", start + 10 * SECOND), Ok(()));
        assert!(rate.take("a", start + 10 * SECOND).is_err());
        for _ in 0..6 {
            assert_eq!(rate.take("a", start + 200 * SECOND), Ok(()));
        }
        assert!(rate.take("a", start + 200 * SECOND).is_err());
    }
}
