//! Taking up again what was broken off: at the start, and whenever a command could not end what it began.

use std::sync::{Arc, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use super::record::Key;
use super::refusal::Refusal;
use super::settle::settle;
use super::work::Work;
use super::{Inner, Wishes};

/// How long one attempt waits for what happens without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before the next; each further time twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Inner {
    /// Takes up every change of ownership that is pending, and every comparison that was running.
    pub(super) fn resume(&self) {
        if self.peers.is_none() {
            return;
        }
        let moves = self.journal.moves().unwrap_or_else(|error| {
            log::error!("moves: what was pending cannot be read: {}", server::chain(&error));
            Vec::new()
        });
        for record in moves {
            let key = record.key();
            if let Some(intent) = &record.pending {
                log::info!("{} {}: taken up again", intent.direction.word(), record.collection);
                self.settle_later(&key);
            }
            match self.journal.comparison(&key) {
                Ok(Some(comparison)) if comparison.was_running() => {
                    log::info!("diff {}: taken up again", record.collection);
                    self.compare_on(key, comparison, record.source, record.target);
                }
                Ok(_) => {}
                Err(error) => log::error!("diff {}: {}", record.collection, server::chain(&error)),
            }
        }
    }

    /// Ends what is pending, however often that has to be tried, on a thread of its own.
    pub(super) fn settle_later(&self, key: &Key) {
        let Some(inner) = self.myself.upgrade() else { return };
        if !self.settling.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return;
        }
        let thread = std::thread::Builder::new().name("settle".into());
        let spawned = thread.spawn({
            let (inner, key) = (Arc::clone(&inner), key.clone());
            move || inner.settle_until_done(&key)
        });
        if let Err(error) = spawned {
            log::error!("moves: no thread to go on with {}: {error}", key.1);
            self.settling.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        }
    }

    fn settle_until_done(&self, key: &Key) {
        let mut wait = FIRST_WAIT;
        let mut said = String::new();
        loop {
            match self.try_to_settle(key) {
                Ok(()) => break,
                Err(refusal) if refusal.message() != said => {
                    said = refusal.message().to_owned();
                    log::warn!("{said}");
                }
                Err(_) => {}
            }
            sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        self.settling.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// While a command is at work on the move, this waits; between attempts, commands find the move free.
    fn try_to_settle(&self, (application, collection): &Key) -> Result<(), Refusal> {
        let mut work = Work::open(self, collection, &Wishes::of_application(application))?;
        settle(&mut work, PATIENCE)
    }
}
