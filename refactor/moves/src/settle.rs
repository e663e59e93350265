//! Continues an interrupted change of primary, by what both stores say, never by memory alone.

use std::time::Duration;

use super::pair::Pair;
use super::record::{Direction, Intent, PrimarySide};
use super::refusal::CommandRefusal;
use super::remote_store::NotDone;
use super::switch::forced;
use super::switch::{finish, hand_over, steps};
use super::times::Times;
use super::work::CommandWork;
use replication::SideStatus;

/// What has become of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IntentOutcome {
    /// The handover is there, or was used: the rest is done.
    Forward,
    /// There is no handover: the fence is released, and everything is as before.
    Back,
    /// Another coordinator changed the primary: only the route is left to update.
    Overtaken,
    /// The store that knows does not answer.
    Unknown,
}

/// Ends what is pending, forward or back; nothing is pending after success. Can be repeated.
///
/// # Errors
/// 409 if that cannot be done yet, with what helps.
pub(super) fn settle(work: &mut CommandWork<'_>, patience: Duration) -> Result<(), CommandRefusal> {
    let Some(intent) = work.record.pending.clone() else { return Ok(()) };
    let pair = Pair::of(work, intent.direction);
    let [from, to] = work.peers.both(&pair.from, &pair.to);
    if intent.by_force.is_some() {
        return forced::settle(work, &intent, &pair, to);
    }
    let mut times = Times::start(patience);
    match intent_outcome(&intent, &from, &to) {
        IntentOutcome::Forward => finish::finish(work, &intent, &pair, &mut times),
        IntentOutcome::Back => {
            let (verb, collection) = (intent.direction.word(), &work.record.collection);
            let unclear = |why: &str| {
                CommandRefusal::conflict(format!(
                    "a {verb} of {collection} is being taken back. {}: {why}; it is asked again",
                    pair.from_name
                ))
            };
            let from =
                hand_over::released(&pair, &intent).map_err(|error| unclear(&error.to_string()))?;
            if from.handed_over(intent.epoch + 1, &intent.to) {
                return Err(unclear("it handed over ownership after all"));
            }
            let outcome = format!(
                "was broken off before the handover; {} is the primary as before",
                pair.from_name
            );
            work.ended(times.outcome(intent.direction, false, outcome, None))
        }
        IntentOutcome::Overtaken => {
            let is_primary =
                |side: Result<SideStatus, NotDone>| side.ok().filter(|side| side.is_primary());
            let (from, to) = (is_primary(from), is_primary(to));
            if let (Some(side), None) | (None, Some(side)) = (&from, &to) {
                let target = to.is_some() == (intent.direction == Direction::Switch);
                let primary = if target { PrimarySide::Target } else { PrimarySide::Source };
                steps::flip(work, primary, side.epoch)?;
            }
            let outcome = "was overtaken: another control plane changed the primary".to_owned();
            work.ended(times.outcome(intent.direction, false, outcome, None))
        }
        IntentOutcome::Unknown => {
            let (verb, collection) = (intent.direction.word(), &work.record.collection);
            let silent = from.err().map_or_else(String::new, |error| error.to_string());
            Err(CommandRefusal::conflict(format!(
                "a {verb} of {collection} is not at its end. {}: {silent}; start it, and this goes on by \
                 itself",
                pair.from_name
            )))
        }
    }
}

fn intent_outcome(
    intent: &Intent,
    from: &Result<SideStatus, NotDone>,
    to: &Result<SideStatus, NotDone>,
) -> IntentOutcome {
    let is_primary = |side: &SideStatus| {
        side.store == intent.to && side.is_primary() && side.epoch > intent.epoch
    };
    if to.as_ref().is_ok_and(is_primary) {
        return IntentOutcome::Forward;
    }
    match from {
        Err(_) => IntentOutcome::Unknown,
        Ok(from) if from.store != intent.from => IntentOutcome::Overtaken,
        Ok(from) if from.is_primary() && from.epoch == intent.epoch => IntentOutcome::Back,
        Ok(from) if !from.is_primary() && from.handed_over(intent.epoch + 1, &intent.to) => {
            IntentOutcome::Forward
        }
        Ok(_) => IntentOutcome::Overtaken,
    }
}
