//! What clients wrote lately, so that they find it when they read next.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lru::LruCache;
use replication::Position;
use tokio::time::Instant;
use xxhash_rust::xxh3::Xxh3;

use crate::limits::{REMEMBER_TIME, REMEMBERED_WRITES};
use crate::upstream::Upstream;

/// The last writes of clients, those of the clients that wrote last. A client is found by whatever of it is the same.
#[derive(Debug)]
pub(crate) struct Writes {
    /// When the last write was noted: milliseconds since `start`, plus one; 0: none yet. It is read before anything
    /// else, so reads cost nothing if no client writes.
    newest: AtomicU64,
    start: Instant,
    /// Until when a write may count that another process carried, in the same unit: even a client that is known may have
    /// written there since.
    elsewhere_until: AtomicU64,
    /// Until when a write may count that is not known any more, in the same unit: one of an earlier run, or one that gave
    /// way to those of others.
    forgotten_until: AtomicU64,
    /// When the last write was answered that was not noted, since only one service could have it; in the same unit.
    let_go: AtomicU64,
    /// The seed of the hash that tells clients apart, so that no client can choose to look like another.
    seed: u64,
    known: Mutex<LruCache<ClientKey, LastWrite>>,
}

/// Something that tells a client apart, and the first segment of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey(u64);

/// All that tells the client of a write apart.
pub(crate) type ClientKeys = [Option<ClientKey>; 3];

/// The last write of a client.
#[derive(Clone, Debug)]
pub(crate) struct LastWrite {
    pub(crate) position: Position,
    /// The services that could have taken the write, first the one that did. To others the position says nothing.
    pub(crate) copies: Arc<[Weak<Upstream>]>,
    until: Instant,
}

impl Writes {
    pub(crate) fn new(runs_again: bool, others_write: bool) -> Self {
        let most = NonZeroUsize::new(REMEMBERED_WRITES).unwrap_or(NonZeroUsize::MIN);
        // What an earlier run carried counts for as long as that would have remembered it.
        let forgotten_until = if runs_again { REMEMBER_TIME.as_millis() as u64 + 1 } else { 0 };
        Self {
            newest: AtomicU64::new(0),
            start: Instant::now(),
            elsewhere_until: AtomicU64::new(if others_write { u64::MAX } else { 0 }),
            forgotten_until: AtomicU64::new(forgotten_until),
            let_go: AtomicU64::new(0),
            seed: fastrand::u64(..),
            known: Mutex::new(LruCache::new(most)),
        }
    }

    /// Whether there can be any that count.
    pub(crate) fn are_any(&self, now: Instant) -> bool {
        let newest = self.newest.load(Ordering::Relaxed);
        newest > 0 && newest + REMEMBER_TIME.as_millis() as u64 > self.ms(now)
    }

    /// Whether a client may have written more than is known of it; `is_known`: whether all that tells it apart is known.
    pub(crate) fn may_be_forgotten(&self, is_known: bool, now: Instant) -> bool {
        let now = self.ms(now);
        now < self.elsewhere_until.load(Ordering::Relaxed)
            || !is_known && now < self.forgotten_until.load(Ordering::Relaxed)
    }

    /// Whether another process carries writes too, which this one knows nothing of. Once it has ended, they count for as
    /// long as it would have remembered them.
    pub(crate) fn are_elsewhere(&self, elsewhere: bool) {
        let until = match elsewhere {
            true => u64::MAX,
            false => self.ms(Instant::now()) + REMEMBER_TIME.as_millis() as u64,
        };
        self.elsewhere_until.store(until, Ordering::Relaxed);
    }

    /// What tells a client apart; an empty part stands for one that is not there.
    pub(crate) fn key<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> ClientKey {
        let mut hash = Xxh3::with_seed(self.seed);
        for part in parts {
            hash.update(&part.len().to_le_bytes());
            hash.update(part);
        }
        ClientKey(hash.digest())
    }

    /// Notes a write. Of two the further one counts, whichever answer came first.
    pub(crate) fn note(
        &self,
        client: ClientKeys,
        position: Position,
        copies: Arc<[Weak<Upstream>]>,
    ) {
        let now = Instant::now();
        let mut known = self.known();
        let until = now + REMEMBER_TIME;
        for key in client.into_iter().flatten() {
            let counts = |write: &&mut LastWrite| write.until > now && write.position > position;
            if let Some(further) = known.get_mut(&key).filter(counts) {
                further.until = until;
                continue;
            }
            let write = LastWrite { position, copies: Arc::clone(&copies), until };
            if let Some((gone, write)) = known.push(key, write)
                && gone != key
            {
                self.forgotten_until.fetch_max(self.ms(write.until), Ordering::Relaxed);
            }
        }
        self.newest.fetch_max(self.ms(now), Ordering::Relaxed);
    }

    /// A write was answered that is not noted, since no other service could answer for its collection.
    pub(crate) fn let_go(&self) {
        self.let_go.fetch_max(self.ms(Instant::now()), Ordering::Relaxed);
    }

    /// Another service can answer from now on: what was let go may matter.
    pub(crate) fn has_another(&self) {
        let let_go = self.let_go.load(Ordering::Relaxed);
        if let_go > 0 {
            let until = let_go + REMEMBER_TIME.as_millis() as u64;
            self.forgotten_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// The furthest of the writes that are known of a client, among those that count; and whether all that tells it apart
    /// is known, so that it can have no further one.
    pub(crate) fn get(
        &self,
        client: ClientKeys,
        counts: impl Fn(&LastWrite) -> bool,
    ) -> (Option<LastWrite>, bool) {
        let now = Instant::now();
        let mut known = self.known();
        let (mut furthest, mut all) = (None::<LastWrite>, true);
        for key in client.into_iter().flatten() {
            let found = known.get(&key).filter(|write| write.until > now).cloned();
            all &= found.is_some();
            let further = found.filter(&counts).filter(|write| {
                furthest.as_ref().is_none_or(|other| write.position > other.position)
            });
            furthest = further.or(furthest);
        }
        (furthest, all)
    }

    /// Forgets a write that all copies have seen, if no other came since.
    pub(crate) fn forget(&self, client: ClientKeys, position: Position) {
        let mut known = self.known();
        for key in client.into_iter().flatten() {
            if known.peek(&key).is_some_and(|write| write.position <= position) {
                known.pop(&key);
            }
        }
    }

    fn ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_millis() as u64 + 1
    }

    fn known(&self) -> MutexGuard<'_, LruCache<ClientKey, LastWrite>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LastWrite {
    /// Whether a service is one of the copies of what was written.
    pub(crate) fn concerns(&self, upstream: &Arc<Upstream>) -> bool {
        self.copies.iter().any(|copy| is(copy, upstream))
    }

    /// Whether a service is the one that took it.
    pub(crate) fn was_taken_by(&self, upstream: &Arc<Upstream>) -> bool {
        self.copies.first().is_some_and(|copy| is(copy, upstream))
    }
}

fn is(copy: &Weak<Upstream>, upstream: &Arc<Upstream>) -> bool {
    std::ptr::eq(copy.as_ptr(), Arc::as_ptr(upstream))
}

#[cfg(test)]
mod tests;
