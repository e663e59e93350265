//! Going on where a change of ownership was broken off: by what both stores say, never by memory alone.

use std::time::Duration;

use super::forced;
use super::peer::PeerError;
use super::preflight::Pair;
use super::record::{Direction, Intent, Owner};
use super::refusal::Refusal;
use super::switch;
use super::times::Times;
use super::wire::Ownership;
use super::work::Work;

/// What has become of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The grant is there, or was used: the rest is done.
    Forward,
    /// There is no grant: the hold is released, and everything is as before.
    Back,
    /// Somebody else changed the owner: there is nothing left to do but to lead the route there.
    Overtaken,
    /// Whoever knows does not answer.
    Unknown,
}

/// Ends what is pending, forward or back; nothing is pending any more when this succeeds. Can be repeated.
///
/// # Errors
/// 409 where that cannot be done yet, with what helps.
pub(super) fn settle(work: &mut Work<'_>, patience: Duration) -> Result<(), Refusal> {
    let Some(intent) = work.record.pending.clone() else { return Ok(()) };
    let pair = Pair::of(work, intent.direction);
    let [from, to] = work.peers.both(&pair.from, &pair.to);
    if intent.by_force.is_some() {
        return forced::settle(work, &intent, &pair, to);
    }
    let mut times = Times::start(patience);
    match fate(&intent, &from, &to) {
        Fate::Forward => switch::finish(work, &intent, &pair, &mut times),
        Fate::Back => {
            let (verb, collection) = (intent.direction.word(), &work.record.collection);
            let unclear = |why: &str| {
                Refusal::conflict(format!(
                    "a {verb} of {collection} is being taken back. {}: {why}; it is asked again",
                    pair.from_name
                ))
            };
            let from =
                switch::released(&pair, &intent).map_err(|error| unclear(&error.to_string()))?;
            if from.granted(intent.epoch + 1, &intent.to) {
                return Err(unclear("it granted ownership after all"));
            }
            let outcome =
                format!("was broken off before the grant; {} owns it as before", pair.from_name);
            work.ended(times.outcome(intent.direction, false, outcome, None))
        }
        Fate::Overtaken => {
            let owns = |side: Result<Ownership, PeerError>| side.ok().filter(Ownership::owns);
            let (from, to) = (owns(from), owns(to));
            if let (Some(side), None) | (None, Some(side)) = (&from, &to) {
                let target = to.is_some() == (intent.direction == Direction::Switch);
                let owner = if target { Owner::Target } else { Owner::Source };
                switch::flip(work, owner, side.epoch)?;
            }
            let outcome = "was overtaken: another control plane changed the owner".to_owned();
            work.ended(times.outcome(intent.direction, false, outcome, None))
        }
        Fate::Unknown => {
            let (verb, collection) = (intent.direction.word(), &work.record.collection);
            let silent = from.err().map_or_else(String::new, |error| error.to_string());
            Err(Refusal::conflict(format!(
                "a {verb} of {collection} is not at its end. {}: {silent}; start it, and this goes on by \
                 itself",
                pair.from_name
            )))
        }
    }
}

fn fate(
    intent: &Intent,
    from: &Result<Ownership, PeerError>,
    to: &Result<Ownership, PeerError>,
) -> Fate {
    let owns =
        |side: &Ownership| side.store == intent.to && side.owns() && side.epoch > intent.epoch;
    if to.as_ref().is_ok_and(owns) {
        return Fate::Forward;
    }
    match from {
        Err(_) => Fate::Unknown,
        Ok(from) if from.store != intent.from => Fate::Overtaken,
        Ok(from) if from.owns() && from.epoch == intent.epoch => Fate::Back,
        Ok(from) if !from.owns() && from.granted(intent.epoch + 1, &intent.to) => Fate::Forward,
        Ok(_) => Fate::Overtaken,
    }
}
