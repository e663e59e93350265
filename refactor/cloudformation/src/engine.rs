//! Carries operations out: one at a time, in the order in which they were asked for, on a thread of its own.
//!
//! An operation is written down before it begins (`stacks::StackOperation`), and so is each of its steps; what a step made is
//! written down before the next one begins. Whatever is killed, at whatever point, the next start takes the operation
//! up where it was: a phase looks only at what is recorded, and the call that was under way is made again with the
//! token it had. One at a time also means that two stacks that are deleted one after the other go in that order.

mod calls;
mod cleanup;
mod delete;
mod drift;
mod forward;
mod rollback;
mod wait;
mod work;

pub(crate) use calls::StackEngine;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::provider::Provider;
use super::stacks::{OperationPhase, StackError, StackStore, Transaction};
use wait::Signal;
use work::{AfterPhase, OperationWork};

/// How long the engine waits before it tries again after its state could not be read or written.
const DISK_PAUSE: Duration = Duration::from_secs(1);

impl StackEngine {
    /// Starts the engine's thread. When it is woken first, it takes up what was left unfinished. It ends with the process:
    /// a stop in the middle of a step is a crash, and a crash is safe.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(
        store: StackStore,
        provider: Arc<dyn Provider>,
    ) -> std::io::Result<Arc<Self>> {
        let engine = Arc::new(Self { store, provider, signal: Signal::default() });
        let worker = Arc::clone(&engine);
        std::thread::Builder::new().name("stacks".to_owned()).spawn(move || worker.work())?;
        Ok(engine)
    }

    /// Tells the engine that there is something to do.
    pub(crate) fn wake(&self) {
        self.signal.notify();
    }

    /// Waits until nothing of this is under way, or for the deadline.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub(crate) fn wait_until(
        &self,
        deadline: Instant,
        idle: impl Fn(&Transaction<'_>) -> Result<bool, StackError>,
    ) -> Result<(), StackError> {
        loop {
            let seen = self.signal.now();
            let idle = self.store.read(&idle)?;
            if idle || !self.signal.wait_after(seen, deadline) {
                return Ok(());
            }
        }
    }

    /// Goes on until the process ends, or loses the control database: then another process takes this up.
    fn work(&self) {
        self.signal.wait_forever_after(0);
        loop {
            let seen = self.signal.now();
            if self.store.is_over() {
                return;
            }
            // A panic loses nothing but time: the operation goes on from what is on disk.
            match catch_unwind(AssertUnwindSafe(|| self.next())) {
                Ok(Ok(true)) => self.signal.notify(),
                Ok(Ok(false)) => self.signal.wait_forever_after(seen),
                Err(_) => std::thread::sleep(DISK_PAUSE),
                Ok(Err(err)) => {
                    log::error!("stacks: {err}; trying again in {} s", DISK_PAUSE.as_secs());
                    std::thread::sleep(DISK_PAUSE);
                }
            }
        }
    }

    /// Carries out the next operation, if there is one.
    fn next(&self) -> Result<bool, StackError> {
        let Some(operation) = self.store.read(|state| state.next_operation())? else {
            return Ok(false);
        };
        let mut work = OperationWork::load(&self.store, operation)?;
        self.run(&mut work)?;
        Ok(true)
    }

    /// Goes from phase to phase until the operation is finished.
    fn run(&self, work: &mut OperationWork<'_>) -> Result<(), StackError> {
        loop {
            let next = match work.operation.phase {
                OperationPhase::Queued => work.begin()?,
                OperationPhase::Forward => self.forward(work)?,
                OperationPhase::Cleanup => self.clean_up(work)?,
                OperationPhase::Rollback => self.roll_back(work)?,
                OperationPhase::Delete => self.delete(work)?,
            };
            if next == AfterPhase::Finished {
                return Ok(());
            }
        }
    }
}
