//! What requests took and what became of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::differences::Differences;

/// The requests of one client, or of all.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) writes: Waits,
    pub(crate) reads: Waits,
    /// How long the write took that took longest, and when it began.
    pub(crate) longest: Option<(Duration, Duration)>,
    /// How many requests failed in the same way.
    pub(crate) failures: BTreeMap<String, u64>,
    /// Writes that may have been done or not.
    pub(crate) unsure: u64,
    /// Answers that were not as the ledger has it.
    pub(crate) differences: Differences,
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

    /// Counts a failure; those that differ in their numbers only are alike.
    pub(crate) fn failed(&mut self, what: &str) {
        *self.failures.entry(without_numbers(what)).or_default() += 1;
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.writes.0.extend(other.writes.0);
        self.reads.0.extend(other.reads.0);
        self.longest = self.longest.max(other.longest);
        for (what, count) in other.failures {
            *self.failures.entry(what).or_default() += count;
        }
        self.unsure += other.unsure;
        self.differences.extend(other.differences);
    }
}

impl Waits {
    fn add(&mut self, took: Duration) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Tally, Waits};

    #[test]
    fn a_percentile_is_a_time_that_was_seen() {
        let mut waits = Waits::default();
        assert_eq!(waits.within_ms(0.5), 0.0);
        for ms in [9, 1, 2, 3, 4, 5, 6, 7, 8, 10] {
            waits.add(Duration::from_millis(ms));
        }
        waits.sort();
        assert_eq!(waits.within_ms(0.5), 5.0);
        assert_eq!(waits.within_ms(0.9), 9.0);
        assert_eq!(waits.within_ms(0.99), 10.0);
        assert_eq!(waits.within_ms(1.0), 10.0);
    }

    #[test]
    fn failures_are_alike_where_only_their_numbers_differ() {
        let mut tally = Tally::default();
        tally.failed("PATCH 404 no user has the id 7");
        tally.failed("PATCH 404 no user has the id 19ac-31-2047");
        tally.failed("PATCH 503 no user has the id 8");
        let failures: Vec<_> = tally.failures.into_iter().collect();
        let expected =
            [("PATCH 404 no user has the id N", 2), ("PATCH 503 no user has the id N", 1)];
        assert_eq!(failures, expected.map(|(what, count)| (what.to_owned(), count)));
    }

    #[test]
    fn the_longest_write_is_known_with_its_time() {
        let ms = Duration::from_millis;
        let (mut all, mut one) = (Tally::default(), Tally::default());
        one.write(ms(10), ms(3));
        one.write(ms(20), ms(7));
        all.write(ms(30), ms(5));
        all.extend(one);
        assert_eq!(all.longest, Some((ms(7), ms(20))));
        assert_eq!(all.writes.count(), 3);
    }
}
