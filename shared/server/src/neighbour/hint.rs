//! The last known URL of a neighbour's primary.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For how long a hint spares a question. It is not renewed by its use: the configured address is asked again in time.
const LASTS: Duration = Duration::from_secs(60);

/// The URL of a primary that is not at the configured address, and when that was learned.
#[derive(Debug, Default)]
pub(super) struct Hint(Mutex<Option<(String, Instant)>>);

impl Hint {
    /// The primary is there, as it was found just now.
    pub(super) fn set(&self, url: String, now: Instant) {
        *self.lock() = Some((url, now));
    }

    /// The URL of the primary a short while ago.
    pub(super) fn get(&self, now: Instant) -> Option<String> {
        let lasts = |at: Instant| now.saturating_duration_since(at) < LASTS;
        self.lock().as_ref().filter(|(_, at)| lasts(*at)).map(|(url, _)| url.clone())
    }

    /// It need not be there any more.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<(String, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Hint, LASTS};

    #[test]
    fn a_hint_ends_though_it_is_used() {
        let (hint, start) = (Hint::default(), Instant::now());
        assert_eq!(hint.get(start), None);
        hint.set("http://b".into(), start);
        let last = start + LASTS - Duration::from_millis(1);
        assert_eq!(hint.get(last).as_deref(), Some("http://b"));
        assert_eq!(hint.get(start + LASTS), None);
        hint.set("http://c".into(), last);
        assert_eq!(hint.get(start + LASTS).as_deref(), Some("http://c"));
        hint.forget();
        assert_eq!(hint.get(last), None);
    }
}
