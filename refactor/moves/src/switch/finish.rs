//! Steps 6 to 9: once ownership is handed over there is only the way forward.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::code::Code;
use super::super::pair::Pair;
use super::super::recent;
use super::super::record::{Intent, SwitchStep};
use super::super::refusal::CommandRefusal;
use super::super::remote_store::RemoteStore;
use super::super::times::Times;
use super::super::work::CommandWork;
use super::steps::{POLL, flip, step};
use replication::{Position, SideStatus};

/// Steps 6 to 9, after the handover. If the follower is not promoted in time, or anything else fails, the intent
/// stays pending and is continued automatically.
///
/// # Errors
/// 409 that says how far it is, and what helps; 500 if the state cannot be written.
pub(crate) fn finish(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
) -> Result<(), CommandRefusal> {
    let finished = go_forward(work, intent, pair, times);
    later(work, finished)
}

/// Has whatever is still pending after an error taken up again by itself.
pub(crate) fn later(
    work: &CommandWork<'_>,
    result: Result<(), CommandRefusal>,
) -> Result<(), CommandRefusal> {
    if result.is_err() && work.record.pending.is_some() {
        work.inner.settle_later(&work.record.key());
    }
    result
}

fn go_forward(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
) -> Result<(), CommandRefusal> {
    let collection = work.record.collection.clone();
    // The primary of an epoch has everything of the one before.
    let primary = Position { epoch: intent.epoch + 1, at: 0 };
    let promoted = wait(&pair.to, Some(primary), times.patience(), |to| {
        if to.store == intent.to && to.is_primary() && to.epoch > intent.epoch {
            return Ok(());
        }
        let detail = to.following.as_ref().and_then(|following| following.detail.clone());
        Err(detail.unwrap_or_else(|| "it has not applied the handover".into()))
    });
    if let Err(why) = promoted {
        return Err(CommandRefusal::of(
            Code::NotTaken,
            format!(
                "{} {collection}: ownership is handed over, and {} does not take it: {why}. Start it and it does, \
                 by itself.",
                intent.direction.word(),
                pair.to_name
            ),
        ));
    }
    let pause = times.pause_ms();
    step(work, times, SwitchStep::Promoted)?;
    flip(work, intent.direction.primary(), intent.epoch + 1)?;
    step(work, times, SwitchStep::Flipped)?;
    let back = wait(&pair.from, None, times.patience(), |from| {
        if from.follows(&intent.to) { Ok(()) } else { Err("it does not follow yet".into()) }
    });
    let mut outcome = match back {
        Ok(()) => {
            step(work, times, SwitchStep::FollowedBack)?;
            format!("{} is the primary, and {} follows", pair.to_name, pair.from_name)
        }
        Err(why) => format!(
            "{} is the primary; there is no way back yet: {}: {why}; start it and it follows by itself",
            pair.to_name, pair.from_name
        ),
    };
    match recent::compare(&pair.to, &pair.from) {
        Ok(compared) => {
            times.passed_as(SwitchStep::Compared, compared.shown());
            if compared.differs() {
                outcome = format!("{outcome}; {}: a diff names every row", compared.shown());
            }
        }
        Err(why) => {
            outcome = format!(
                "{outcome}; the last changed rows were not compared ({why}): a diff compares every row"
            );
        }
    }
    work.ended(times.outcome(intent.direction, true, outcome, pause))
}

/// Asks a program until it says what is waited for, or the patience ends; then with what it said last. That cannot be
/// before it has a position, if one is given.
fn wait(
    peer: &RemoteStore,
    position: Option<Position>,
    patience: Duration,
    is_so: impl Fn(&SideStatus) -> Result<(), String>,
) -> Result<(), String> {
    let end = Instant::now() + patience;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let answer = match position {
            Some(position) if !left.is_zero() => peer.ownership_at(position, left),
            _ => peer.ownership(),
        };
        let said = match answer {
            Ok(ownership) => is_so(&ownership),
            Err(error) => Err(error.to_string()),
        };
        match said {
            Err(_) if Instant::now() < end => sleep(POLL),
            said => return said,
        }
    }
}
