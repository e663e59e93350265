//! Answers that were given already, while they still hold.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::read::Answer;

/// The most answers.
const ANSWERS: usize = 1024;
/// The most bytes of their bodies.
const BYTES: usize = 1024 * 1024;
/// The largest body that is kept, in bytes.
const LARGEST: usize = 64 * 1024;
/// For how long an answer counts. Another program has no business in the file; if a person repairs a row by hand, it is seen
/// after this time.
const AGE: Duration = Duration::from_secs(1);

/// The newest answers of a collection by path and query. One holds while the store has ended no transaction since before it was
/// read, so it is exact.
#[derive(Default)]
pub(super) struct Answers {
    known: HashMap<String, Known>,
    bytes: usize,
}

struct Known {
    transactions: u64,
    until: Instant,
    answer: Answer,
}

impl Answers {
    /// The answer to a target, if the store has ended no transaction since.
    pub(super) fn get(&self, target: &str, transactions: u64) -> Option<Answer> {
        let known = self.known.get(target)?;
        let holds = known.transactions == transactions && Instant::now() < known.until;
        holds.then(|| known.answer.clone())
    }

    /// Keeps an answer that was read after the count of transactions was taken.
    pub(super) fn keep(&mut self, target: &str, transactions: u64, answer: &Answer) {
        let bytes = answer.body.len();
        if bytes > LARGEST {
            return;
        }
        if self.known.len() == ANSWERS || self.bytes + bytes > BYTES {
            self.known.clear();
            self.bytes = 0;
        }
        let known = Known { transactions, until: Instant::now() + AGE, answer: answer.clone() };
        let former = self.known.insert(target.to_owned(), known);
        self.bytes += bytes;
        self.bytes -= former.map_or(0, |former| former.answer.body.len());
    }
}
