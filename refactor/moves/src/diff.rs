//! `diff`: compares the follower with the primary while both are in use.
//!
//! Both sides hash the same ranges of keys, some 10,000 rows at a time. If the hashes differ, the rows of the range
//! are compared one by one (`looks.rs`). A row differs only if it still does after the follower has everything up to
//! the position at which the primary's row was read, and the primary's row has not changed meanwhile. So a row in
//! motion is no difference.
//!
//! The comparison is stored after each range. After any interruption it goes on from there.

mod chunk;
mod looks;

pub(super) use looks::{Trouble, look};

use std::sync::{Arc, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::code::Code;
use super::coordinator_state::CoordinatorState;
use super::diff_run::{DiffRun, DiffVerdict};
use super::pair::Pair;
use super::record::{Direction, MoveId};
use super::refusal::CommandRefusal;
use super::work::CommandWork;
use chunk::Two;
use replication::{Role, SideStatus};
use spaces::resource::now_ms;

/// How long a side may be away before the comparison is broken off.
const AWAY: Duration = Duration::from_secs(60);
/// How long to wait before it is asked again.
const WAIT: Duration = Duration::from_millis(500);

/// Begins a comparison, or goes on with the one that was broken off. It runs on a thread of its own, and shows how far it
/// is in the list of moves.
///
/// # Errors
/// 409 if there is nothing to compare: the follower does not follow, or has not copied everything yet.
pub(super) fn run(work: &mut CommandWork<'_>) -> Result<(), CommandRefusal> {
    let key = work.record.key();
    if work.inner.compares(&key) {
        return Ok(());
    }
    let pair = Pair::of(work, Direction::Switch);
    let (source, target) = pair.look_unless_superseded(work)?;
    if source.role == Role::Retired {
        return Err(CommandRefusal::of(
            Code::Completed,
            format!("{} is retired: there is nothing to compare with", work.source_name()),
        ));
    }
    let switched = target.is_primary() && target.lineage == source.lineage;
    let (primary, follower) = if switched { (&target, &source) } else { (&source, &target) };
    let copied = follower.followed.as_ref().is_some_and(|followed| followed.copied);
    if !primary.is_primary() || !follower.follows(&primary.store) || !copied {
        let (copy, original) = if switched {
            (work.source_name(), work.target_name())
        } else {
            (work.target_name(), work.source_name())
        };
        return Err(CommandRefusal::of(
            Code::NoCopy,
            format!("{copy} has no whole copy of {original}"),
        ));
    }
    let before = work.inner.journal.comparison(&key)?;
    let goes_on =
        before.filter(|before| before.can_go_on(&primary.store, &follower.store, primary.epoch));
    let mut comparison = goes_on.unwrap_or_else(|| {
        DiffRun::new(&primary.store, &follower.store, primary.epoch, switched, now_ms())
    });
    comparison.begin(work.by());
    work.save()?;
    work.inner.journal.write_comparison(&key, &comparison)?;
    work.inner.compare_on(key, comparison, work.record.source.clone(), work.record.target.clone());
    Ok(())
}

impl CoordinatorState {
    /// Whether a comparison of the move runs.
    pub(super) fn compares(&self, key: &MoveId) -> bool {
        self.comparing.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Goes on with a comparison, on a thread of its own.
    pub(super) fn compare_on(
        &self,
        key: MoveId,
        comparison: DiffRun,
        source: String,
        target: String,
    ) {
        let Some(inner) = self.myself.upgrade() else { return };
        if !self.comparing.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return;
        }
        let thread = std::thread::Builder::new().name("diff".into());
        let spawned = thread.spawn({
            let (inner, key) = (Arc::clone(&inner), key.clone());
            move || {
                let ended = inner.compare(&key, comparison, &source, &target);
                inner.comparing.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                if let Err(refusal) = ended {
                    log::error!("diff {}: {}", key.1, refusal.text());
                }
            }
        });
        if let Err(error) = spawned {
            log::error!("diff {}: no thread: {error}", key.1);
            self.comparing.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
    }

    fn compare(
        &self,
        key: &MoveId,
        mut comparison: DiffRun,
        source: &str,
        target: &str,
    ) -> Result<(), CommandRefusal> {
        let peers = self.peers()?;
        let two = Two::new(peers, source, target, &comparison);
        let mut away = None;
        loop {
            match two.chunk(comparison.after()) {
                Ok(chunk) => {
                    away = None;
                    let last = chunk.last;
                    comparison.add(chunk);
                    if last {
                        comparison.end(now_ms());
                    }
                    if last {
                        self.journal.end_comparison(key, &comparison, now_ms())?;
                        log::info!("diff {}: {}", key.1, comparison.summary());
                        return Ok(());
                    }
                    self.journal.write_comparison(key, &comparison)?;
                }
                Err(Trouble::Passing(why)) => {
                    if away.get_or_insert_with(Instant::now).elapsed() > AWAY {
                        return self.break_off(key, &mut comparison, why);
                    }
                    sleep(WAIT);
                }
                Err(Trouble::Over(why)) => return self.break_off(key, &mut comparison, why),
            }
        }
    }

    fn break_off(
        &self,
        key: &MoveId,
        comparison: &mut DiffRun,
        why: String,
    ) -> Result<(), CommandRefusal> {
        log::warn!("diff {} is broken off: {why}", key.1);
        comparison.break_off(why);
        Ok(self.journal.end_comparison(key, comparison, now_ms())?)
    }

    /// How the last comparison of a move stands.
    ///
    /// # Errors
    /// 500 if the state cannot be read.
    pub(super) fn verdict(
        &self,
        key: &MoveId,
        both: Option<(&SideStatus, &SideStatus)>,
    ) -> Result<DiffVerdict, CommandRefusal> {
        let stores = both.map(|(one, other)| (one.store.as_str(), other.store.as_str()));
        let comparison = self.journal.comparison(key)?;
        Ok(DiffVerdict::of(comparison.as_ref(), stores, self.compares(key), now_ms()))
    }
}

impl CommandWork<'_> {
    /// How the last comparison stands, as seen with what both sides say of themselves now.
    ///
    /// # Errors
    /// 500 if the state cannot be read.
    pub(super) fn verdict(
        &self,
        both: Option<(&SideStatus, &SideStatus)>,
    ) -> Result<DiffVerdict, CommandRefusal> {
        self.inner.verdict(&self.record.key(), both)
    }
}
