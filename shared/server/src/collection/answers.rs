//! Answers that were given already, while they still hold.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use actix_web::web::Bytes;

use super::read::ReadAnswer;

/// The most answers.
const ANSWERS: usize = 1024;
/// The most bytes of their targets and bodies.
const BYTES: usize = 1024 * 1024;
/// The largest body that is kept, in bytes.
const LARGEST: usize = 64 * 1024;
/// How many targets are remembered that were asked for once.
const ASKED: usize = 1024;
/// The longest target that is kept, in bytes.
const LONGEST: usize = 256;

/// The newest answers of a collection by path and query. One holds while the store is as it was before the answer
/// was read, so it is exact.
///
/// `S` is a snapshot of the store, such as [`store::Snapshot`]. An answer is kept when it is given for the second time: a walk over all members does not wash out those that are asked for
/// again and again (the doorkeeper of TinyLFU, Einziger and others, 2017).
pub(super) struct Answers<S> {
    known: HashMap<String, Known<S>>,
    bytes: usize,
    /// The hashes of targets that were asked for, each in its place.
    asked: Box<[u64]>,
    hasher: RandomState,
}

impl<S> Default for Answers<S> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            bytes: 0,
            asked: vec![0; ASKED].into(),
            hasher: RandomState::new(),
        }
    }
}

struct Known<S> {
    snapshot: S,
    answer: ReadAnswer,
}

impl<S: PartialEq> Answers<S> {
    /// The answer to a target, if the store is still as it was.
    pub(super) fn get(&self, target: &str, snapshot: S) -> Option<ReadAnswer> {
        let known = self.known.get(target).filter(|known| known.snapshot == snapshot)?;
        Some(known.answer.clone())
    }

    /// Keeps an answer that was read after the snapshot was taken.
    pub(super) fn keep(&mut self, target: &str, snapshot: S, answer: &ReadAnswer) {
        if target.len() > LONGEST || answer.body.len() > LARGEST || self.is_first(target) {
            return;
        }
        if let Some(former) = self.known.remove(target) {
            self.bytes -= target.len() + former.answer.body.len();
        }
        let bytes = target.len() + answer.body.len();
        if self.known.len() == ANSWERS || self.bytes + bytes > BYTES {
            self.known.clear();
            self.bytes = 0;
        }
        // A copy: the body's own memory may be larger than the body.
        let mut answer = answer.clone();
        answer.body = Bytes::copy_from_slice(&answer.body);
        self.known.insert(target.to_owned(), Known { snapshot, answer });
        self.bytes += bytes;
    }

    /// Whether the target was not asked for lately. Notes it.
    fn is_first(&mut self, target: &str) -> bool {
        let hash = self.hasher.hash_one(target);
        let place = &mut self.asked[hash as usize % ASKED];
        std::mem::replace(place, hash) != hash
    }
}

#[cfg(test)]
mod tests;
