//! Taking up again what was broken off: at the start, and whenever a command could not end what it began.

use std::sync::{Arc, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use runtime::BackOff;

use super::coordinator_state::CoordinatorState;
use super::options::CommandOptions;
use super::record::MoveId;
use super::refusal::CommandRefusal;
use super::settle::settle;
use super::sides;
use super::times::Times;
use super::work::{Alone, CommandWork};

/// How long one attempt waits for what happens without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before the next.
const BACK_OFF: BackOff = BackOff::new(Duration::from_millis(100), Duration::from_secs(5));

impl CoordinatorState {
    /// Takes up every change of ownership that is pending, and every comparison that was
    /// running.
    pub(super) fn resume(&self) {
        let moves = self.journal.moves().unwrap_or_else(|error| {
            log::error!("moves: what was pending cannot be read: {}", runtime::chain(&error));
            Vec::new()
        });
        for record in moves {
            let key = record.key();
            if self.peers.is_none() {
                continue;
            }
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
                Err(error) => log::error!("diff {}: {}", record.collection, runtime::chain(&error)),
            }
        }
    }

    /// Ends what is pending, with as many attempts as it needs, on a thread of its own. If the move no longer exists,
    /// the record says so and there are no more attempts. If the control database is lost, another process goes on.
    pub(super) fn settle_later(&self, key: &MoveId) {
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

    fn settle_until_done(&self, key: &MoveId) {
        let mut back_off = BACK_OFF;
        let mut said = String::new();
        loop {
            let tried = match self.what_is_gone(key) {
                Some(why) => self.abandon(key, &why),
                None => self.try_to_settle(key),
            };
            match tried {
                Ok(()) => break,
                Err(_) if self.journal.is_over() => break,
                Err(refusal) if refusal.text() != said => {
                    said = refusal.text().to_owned();
                    log::warn!("{}", (self.wording)(&key.1, &refusal));
                }
                Err(_) => {}
            }
            sleep(back_off.wait());
        }
        self.settling.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// What was deleted of that without which a collection cannot move: its application, or the DEFAULT route of it.
    fn what_is_gone(&self, (application, collection): &MoveId) -> Option<String> {
        let application = sides::application(&self.spaces, Some(application));
        let sides = application.and_then(|found| sides::sides(&self.spaces, &found, collection));
        match sides {
            Err(refusal) if refusal.is_missing() => Some(refusal.text().to_owned()),
            Ok(_) | Err(_) => None,
        }
    }

    /// Gives up what is pending. The stores know the primary, and a fence ends by itself.
    fn abandon(&self, key: &MoveId, why: &str) -> Result<(), CommandRefusal> {
        let _alone = Alone::wait(self, key)?;
        let Some(mut record) = self.journal.find(key)? else { return Ok(()) };
        let Some(intent) = record.pending.take() else { return Ok(()) };
        let outcome = format!("was given up: {why}");
        log::warn!("{} {}: {outcome}", intent.direction.word(), record.collection);
        record.last = Some(Times::start(PATIENCE).outcome(intent.direction, false, outcome, None));
        Ok(self.journal.write(&record)?)
    }

    /// While a command is at work on the move, this waits; between attempts, commands find the move free.
    fn try_to_settle(&self, (application, collection): &MoveId) -> Result<(), CommandRefusal> {
        let mut work =
            CommandWork::open(self, collection, &CommandOptions::of_application(application))?;
        settle(&mut work, PATIENCE)
    }
}
