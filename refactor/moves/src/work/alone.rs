//! That a command is alone with its move.

use std::sync::PoisonError;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::code::Code;
use crate::coordinator_state::CoordinatorState;
use crate::record::MoveId;
use crate::refusal::CommandRefusal;

/// How long a command waits for another one on the same move.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const POLL: Duration = Duration::from_millis(10);

/// That no other command works on the same move, for as long as this is there.
pub(crate) struct Alone<'a> {
    inner: &'a CoordinatorState,
    key: MoveId,
}

impl<'a> Alone<'a> {
    /// # Errors
    /// 409 if another command stays at work.
    pub(crate) fn wait(inner: &'a CoordinatorState, key: &MoveId) -> Result<Self, CommandRefusal> {
        let start = Instant::now();
        while !inner.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            if start.elapsed() > BUSY_WAIT {
                return Err(CommandRefusal::of(
                    Code::UnderWay,
                    format!("another command is at work on {}", key.1),
                ));
            }
            sleep(POLL);
        }
        Ok(Self { inner, key: key.clone() })
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.inner.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
