//! What requests took and what became of them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::differences::Differences;

/// The requests of one client, or of all.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) writes: Waits,
    pub(crate) reads: Waits,
    /// How long the write took that took longest, and when it began.
    pub(crate) longest: Option<(Duration, Duration)>,
    /// The requests that failed, by the kind of failure.
    pub(crate) failures: BTreeMap<String, Failures>,
    /// Writes that may have been done or not.
    pub(crate) unsure: u64,
    /// Answers that were not as the ledger has it.
    pub(crate) differences: Differences,
}

/// Requests that failed in the same way.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    /// The first of them.
    pub(crate) example: String,
}

/// How long requests took, in microseconds.
#[derive(Default)]
pub(crate) struct Waits(Vec<u32>);

impl Tally {
    pub(crate) fn write(&mut self, began: Duration, took: Duration) {
        self.writes.add(took);
        self.longest = self.longest.max(Some((took, began)));
    }

    pub(crate) fn read(&mut self, took: Duration) {
        self.reads.add(took);
    }

    /// Counts a failure of that kind; kinds that differ in their numbers only are alike.
    pub(crate) fn failed(&mut self, kind: &str, example: String) {
        self.add(without_numbers(kind), Failures { count: 1, example });
    }

    fn add(&mut self, kind: String, new: Failures) {
        let count = new.count;
        self.failures.entry(kind).and_modify(|known| known.count += count).or_insert(new);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.writes.0.extend(other.writes.0);
        self.reads.0.extend(other.reads.0);
        self.longest = self.longest.max(other.longest);
        for (kind, failures) in other.failures {
            self.add(kind, failures);
        }
        self.unsure += other.unsure;
        self.differences.extend(other.differences);
    }
}

impl Waits {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which that share of the sorted requests was answered, in milliseconds; 0 without any.
    pub(crate) fn within_ms(&self, share: f64) -> f64 {
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).map_or(0.0, |us| f64::from(*us) / 1_000.0)
    }
}

/// Keeps a status, and puts `N` for what else counts or names something.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for word in text.split(' ') {
        if !plain.is_empty() {
            plain.push(' ');
        }
        let number = word.bytes().any(|byte| byte.is_ascii_digit());
        let status = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        plain.push_str(if number && !status { "N" } else { word });
    }
    plain
}
