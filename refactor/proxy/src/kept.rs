//! Room for bytes that are kept: bodies of requests that may have to be sent again, answers whose clients are slow.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much may be kept, of all exchanges together.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u64,
    used: AtomicU64,
}

/// What one exchange keeps; it gives its room back when it is dropped.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new(most: u64) -> Self {
        Self { most, used: AtomicU64::new(0) }
    }

    /// For an exchange that keeps nothing yet.
    pub(crate) fn open(&self) -> Kept<'_> {
        Kept { budget: self, bytes: 0 }
    }
}

impl Kept<'_> {
    /// Takes room for so many bytes more; false if there is not so much.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let (bytes, budget) = (bytes as u64, self.budget);
        let room = |used: u64| used.checked_add(bytes).filter(|used| *used <= budget.most);
        let taken = budget.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        if taken {
            self.bytes += bytes;
        }
        taken
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let budget = Budget::new(10);
        let (mut one, mut two) = (budget.open(), budget.open());
        assert!(one.take(6));
        assert!(!two.take(5));
        assert!(two.take(4));
        assert!(!one.take(1));
        drop(one);
        assert!(two.take(6));
        assert!(!two.take(usize::MAX));
    }
}
