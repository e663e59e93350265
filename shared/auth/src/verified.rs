//! Tokens that were good a short while ago.

use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use ring::digest::{SHA256, digest};

use crate::caller::Caller;

/// How many tokens are remembered: about 4 MB.
const MOST: NonZero<usize> = NonZero::new(10_000).expect("not zero");

/// The digest of a token.
pub(crate) type Digest = [u8; 32];

/// Tokens that were good, by their digests.
#[derive(Debug)]
pub(crate) struct Verified(Mutex<LruCache<Digest, Remembered>>);

#[derive(Debug)]
struct Remembered {
    caller: Caller,
    ends: f64,
    generation: u64,
}

impl Verified {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }

    /// The bearer of a token that was good under these keys and has not ended.
    pub(crate) fn get(&self, token: &Digest, generation: u64, now: f64) -> Option<Caller> {
        let mut known = self.lock();
        let found = known.get(token)?;
        if found.generation == generation && now < found.ends {
            return Some(found.caller.clone());
        }
        known.pop(token);
        None
    }

    pub(crate) fn put(&self, token: Digest, caller: Caller, ends: f64, generation: u64) {
        let remembered = Remembered { caller, ends, generation };
        self.lock().put(token, remembered);
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Digest, Remembered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of a token: what is remembered of it shows nothing.
pub(crate) fn digest_of(token: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}
