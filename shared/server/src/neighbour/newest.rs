//! The newest epoch that a neighbour was seen in.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long an epoch counts after the last answer of it: a collection that is put back from a backup may begin with
/// a lower one.
const COUNTS: Duration = Duration::from_secs(60);

/// The newest epoch of the answers lately: what answers in a lower one was primary once, and does not know that it is
/// no more.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<Option<(u64, Instant)>>);

impl Newest {
    /// Whether an answer of this epoch, which came now, is of one that is over.
    pub(super) fn is_over(&self, epoch: u64, now: Instant) -> bool {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |at: &Instant| now.saturating_duration_since(*at) < COUNTS;
        let is_over = newest.is_some_and(|(known, at)| epoch < known && counts(&at));
        if !is_over {
            *newest = Some((epoch, now));
        }
        is_over
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{COUNTS, Newest};

    #[test]
    fn an_epoch_is_over_while_a_later_one_was_seen_lately() {
        let (newest, start) = (Newest::default(), Instant::now());
        let is_over = |epoch, after| newest.is_over(epoch, start + after);
        assert!(!is_over(2, Duration::ZERO));
        assert!(!is_over(3, Duration::ZERO));
        assert!(is_over(2, Duration::from_secs(1)));
        assert!(!is_over(3, Duration::from_secs(2)));
        let end = Duration::from_secs(2) + COUNTS;
        assert!(is_over(2, end - Duration::from_millis(1)));
        assert!(!is_over(1, end), "put back from a backup");
        assert!(!is_over(1, end + Duration::from_secs(1)));
    }
}
