//! Whether operations of the control plane may begin.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts the operations under way, and lets no more begin once it is closed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    under_way: usize,
}

/// An operation while it is under way.
#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a Gate);

impl Gate {
    /// Begins an operation; nothing if it may not begin.
    pub(crate) fn enter(&self) -> Option<UnderWay<'_>> {
        let mut state = self.state();
        (!state.closed).then(|| {
            state.under_way += 1;
            UnderWay(self)
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Lets no more operations begin. Blocks until those under way have ended, or for this time.
    pub(crate) fn close(&self, within: Duration) {
        let mut state = self.state();
        state.closed = true;
        drop(self.ended.wait_timeout_while(state, within, |state| state.under_way > 0));
    }

    pub(crate) fn open(&self) {
        self.state().closed = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Gate;

    #[test]
    fn a_gate_closes_once_what_is_under_way_has_ended() {
        let gate = Gate::default();
        let under_way = gate.enter().unwrap();
        std::thread::scope(|scope| {
            let closing = scope.spawn(|| gate.close(Duration::from_secs(600)));
            while !gate.is_closed() {
                std::thread::yield_now();
            }
            assert!(gate.enter().is_none() && !closing.is_finished());
            drop(under_way);
        });
        gate.open();
        let _late = gate.enter().unwrap();
        gate.close(Duration::from_millis(1));
        assert!(gate.is_closed(), "it does not wait for ever");
    }
}
