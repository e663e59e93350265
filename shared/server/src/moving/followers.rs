//! Who follows a collection of this program.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// For how long a follower counts after its last request.
const PRESENT: Duration = Duration::from_secs(60);
/// The most followers that are remembered.
const MOST: usize = 64;

/// The followers that have asked this program, by their store ids.
#[derive(Debug, Default)]
pub(crate) struct Followers(Mutex<BTreeMap<String, Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    position: u64,
    at: Instant,
}

/// A follower, as the document of ownership shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Follower {
    store: String,
    position: u64,
    seconds_ago: u64,
}

impl Followers {
    /// A follower asked, and has everything up to this place.
    pub(crate) fn saw(&self, store: &str, position: u64, at: Instant) {
        let mut followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if followers.len() == MOST && !followers.contains_key(store) {
            let oldest = followers.iter().min_by_key(|(_, seen)| seen.at);
            let oldest = oldest.map(|(store, _)| store.clone());
            oldest.map(|oldest| followers.remove(&oldest));
        }
        followers.insert(store.to_owned(), Seen { position, at });
    }

    /// Whether anybody follows now.
    pub(crate) fn present(&self, now: Instant) -> bool {
        let followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        followers.values().any(|seen| now.saturating_duration_since(seen.at) < PRESENT)
    }

    /// All of them.
    pub(crate) fn all(&self, now: Instant) -> Vec<Follower> {
        let followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let follower = |(store, seen): (&String, &Seen)| Follower {
            store: store.clone(),
            position: seen.position,
            seconds_ago: now.saturating_duration_since(seen.at).as_secs(),
        };
        followers.iter().map(follower).collect()
    }
}
