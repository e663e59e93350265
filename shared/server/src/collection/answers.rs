//! Answers that were given already, while they still hold.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use super::read::Answer;

/// The most answers.
const ANSWERS: usize = 1024;
/// The most bytes of their bodies.
const BYTES: usize = 1024 * 1024;
/// The largest body that is kept, in bytes.
const LARGEST: usize = 64 * 1024;
/// How many targets are remembered that were asked for once.
const ASKED: usize = 1024;
/// For how long an answer counts. Another program has no business in the file; if a person repairs a row by hand, it is seen
/// after this time.
const AGE: Duration = Duration::from_secs(1);

/// The newest answers of a collection by path and query. One holds while the store has ended no transaction since before it was
/// read, so it is exact.
///
/// An answer is kept when it is given for the second time: a walk over all members does not wash out those that are asked for
/// again and again (the doorkeeper of TinyLFU, Einziger and others, 2017).
pub(super) struct Answers {
    known: HashMap<String, Known>,
    bytes: usize,
    /// The hashes of targets that were asked for, each in its place.
    asked: Box<[u64]>,
    hasher: RandomState,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            bytes: 0,
            asked: vec![0; ASKED].into(),
            hasher: RandomState::new(),
        }
    }
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
        if bytes > LARGEST || self.is_first(target) {
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

    /// Whether the target was not asked for lately. Notes it.
    fn is_first(&mut self, target: &str) -> bool {
        let hash = self.hasher.hash_one(target);
        let place = &mut self.asked[hash as usize % ASKED];
        std::mem::replace(place, hash) != hash
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS, Answer, Answers, BYTES};

    fn answer(bytes: usize) -> Answer {
        Answer::new("\"1\"", "", vec![b'x'; bytes]).unwrap()
    }

    fn keep(answers: &mut Answers, target: &str, transactions: u64, bytes: usize) {
        for _ in 0..2 {
            answers.keep(target, transactions, &answer(bytes));
        }
    }

    #[test]
    fn an_answer_holds_until_a_transaction_has_ended() {
        let mut answers = Answers::default();
        keep(&mut answers, "/api/users/1", 7, 10);
        assert!(answers.get("/api/users/1", 7).is_some());
        assert!(answers.get("/api/users/1", 8).is_none());
        assert!(answers.get("/api/users/1?view=full", 7).is_none());
        keep(&mut answers, "/api/users/1", 8, 20);
        assert_eq!(answers.get("/api/users/1", 8).map(|answer| answer.body.len()), Some(20));
    }

    #[test]
    fn an_answer_is_kept_when_it_is_given_for_the_second_time() {
        let mut answers = Answers::default();
        answers.keep("/api/users/1", 7, &answer(10));
        assert!(answers.get("/api/users/1", 7).is_none());
    }

    #[test]
    fn answers_take_a_bounded_amount_of_memory() {
        let mut answers = Answers::default();
        for id in 0..3 * ANSWERS {
            keep(&mut answers, &format!("/api/users/{id}"), 7, 10_000);
            assert!(answers.bytes <= BYTES && answers.known.len() <= ANSWERS);
            let bytes: usize = answers.known.values().map(|known| known.answer.body.len()).sum();
            assert_eq!(answers.bytes, bytes);
        }
        keep(&mut answers, "/api/users", 7, BYTES);
        assert!(answers.get("/api/users", 7).is_none());
    }
}
