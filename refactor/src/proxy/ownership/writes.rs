//! What clients wrote lately, so that they find it where they read next.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lru::LruCache;
use tokio::time::Instant;
use xxhash_rust::xxh3::Xxh3;

use super::Position;
use crate::proxy::limits::{REMEMBER_TIME, REMEMBERED_WRITES};
use crate::proxy::upstream::Upstream;

/// The last writes of clients, those of the clients that wrote last.
#[derive(Debug)]
pub(crate) struct Writes {
    /// When the last one was noted, in milliseconds since `start`, and one more; 0: none yet. Asked before anything
    /// else, so that reads cost nothing where nobody writes.
    newest: AtomicU64,
    start: Instant,
    /// Whether there was a run before this one, and nothing is known of what it remembered.
    runs_again: bool,
    /// Of the hash that tells clients apart, so that nobody can choose to be taken for another.
    seed: u64,
    known: Mutex<LruCache<Client, Write>>,
}

/// Who wrote what: a client, and the first segment of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(u64);

/// The last write of a client.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) position: Position,
    /// Who could have taken it, first of all whoever did. To others the position says nothing.
    pub(crate) copies: Vec<Weak<Upstream>>,
    until: Instant,
}

impl Writes {
    pub(crate) fn new(runs_again: bool) -> Self {
        let most = NonZeroUsize::new(REMEMBERED_WRITES).unwrap_or(NonZeroUsize::MIN);
        Self {
            newest: AtomicU64::new(0),
            start: Instant::now(),
            runs_again,
            seed: fastrand::u64(..),
            known: Mutex::new(LruCache::new(most)),
        }
    }

    /// Whether there can be any that count.
    pub(crate) fn are_any(&self, now: Instant) -> bool {
        let newest = self.newest.load(Ordering::Relaxed);
        newest > 0 && newest + REMEMBER_TIME.as_millis() as u64 > self.ms(now)
    }

    /// Whether a client of which no write is known may have written all the same: through an earlier run, whose
    /// writes would still be remembered.
    pub(crate) fn may_be_forgotten(&self, now: Instant) -> bool {
        self.runs_again && now.saturating_duration_since(self.start) < REMEMBER_TIME
    }

    /// A client, by what tells it apart; an empty part stands for one that is not there.
    pub(crate) fn client<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Client {
        let mut hash = Xxh3::with_seed(self.seed);
        for part in parts {
            hash.update(&part.len().to_le_bytes());
            hash.update(part);
        }
        Client(hash.digest())
    }

    /// Notes a write. Of two the further one counts, whichever answer came first.
    pub(crate) fn note(&self, client: Client, position: Position, copies: Vec<Weak<Upstream>>) {
        let now = Instant::now();
        let mut known = self.known();
        let until = now + REMEMBER_TIME;
        match known.get_mut(&client).filter(|write| write.until > now && write.position > position)
        {
            Some(further) => further.until = until,
            None => drop(known.put(client, Write { position, copies, until })),
        }
        self.newest.fetch_max(self.ms(now), Ordering::Relaxed);
    }

    /// The last write of a client.
    pub(crate) fn get(&self, client: Client) -> Option<Write> {
        let mut known = self.known();
        let write = known.get(&client)?;
        if write.until > Instant::now() {
            return Some(write.clone());
        }
        known.pop(&client);
        None
    }

    /// Forgets a write that all copies have seen, where no other came since.
    pub(crate) fn forget(&self, client: Client, position: Position) {
        let mut known = self.known();
        if known.peek(&client).is_some_and(|write| write.position <= position) {
            known.pop(&client);
        }
    }

    fn ms(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_millis() as u64 + 1
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Client, Write>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write {
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
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Position, REMEMBER_TIME, REMEMBERED_WRITES, Writes};

    fn position(text: &str) -> Position {
        Position::parse(text.as_bytes()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_furthest_write_is_remembered_for_a_while() {
        let writes = Writes::new(false);
        let known = |client| writes.get(client).map(|write| write.position);
        let (one, two) = (writes.client([&b"one"[..]]), writes.client([&b"two"[..]]));
        assert!(!writes.are_any(Instant::now()));
        writes.note(one, position("1.7"), Vec::new());
        writes.note(one, position("1.5"), Vec::new());
        assert!(writes.are_any(Instant::now()));
        assert_eq!((known(one), known(two)), (Some(position("1.7")), None));
        advance(REMEMBER_TIME).await;
        assert!(!writes.are_any(Instant::now()));
        assert_eq!(known(one), None);
        writes.note(one, position("1.2"), Vec::new());
        assert_eq!(known(one), Some(position("1.2")), "what is too old does not count");
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_earlier_run_carried_may_matter_for_as_long_as_it_would_have_remembered_it() {
        let writes = Writes::new(true);
        assert!(writes.may_be_forgotten(Instant::now()));
        assert!(!Writes::new(false).may_be_forgotten(Instant::now()));
        advance(REMEMBER_TIME).await;
        assert!(!writes.may_be_forgotten(Instant::now()));
    }

    #[tokio::test]
    async fn a_write_is_forgotten_unless_a_later_one_came() {
        let writes = Writes::new(false);
        let client = writes.client([&b"one"[..]]);
        writes.note(client, position("1.7"), Vec::new());
        writes.forget(client, position("1.6"));
        assert!(writes.get(client).is_some());
        writes.forget(client, position("1.7"));
        assert!(writes.get(client).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn those_of_the_clients_that_wrote_last_are_remembered() {
        let writes = Writes::new(false);
        let client = |n: usize| writes.client([&n.to_le_bytes()[..]]);
        for n in 0..=REMEMBERED_WRITES {
            writes.note(client(n), position("1.1"), Vec::new());
        }
        assert!(writes.get(client(0)).is_none());
        assert!(writes.get(client(1)).is_some() && writes.get(client(REMEMBERED_WRITES)).is_some());
        advance(Duration::from_millis(1)).await;
    }

    #[test]
    fn what_is_joined_differently_is_another_client() {
        let writes = Writes::new(false);
        let client = |parts: [&'static str; 2]| writes.client(parts.map(str::as_bytes));
        assert_eq!(client(["a", "b"]), client(["a", "b"]));
        assert_ne!(client(["ab", ""]), client(["a", "b"]));
        assert_ne!(client(["", "ab"]), client(["ab", ""]));
    }
}
