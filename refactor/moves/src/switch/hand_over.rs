//! Steps 3 to 5: as long as nothing is handed over, everything can be taken back.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::code::Code;
use super::super::pair::Pair;
use super::super::record::{Intent, SwitchStep};
use super::super::refusal::CommandRefusal;
use super::super::remote_store::NotDone;
use super::super::times::Times;
use super::super::work::CommandWork;
use super::steps::{POLL, step};
use replication::{Peer, PeerFault, Position, SideStatus};

/// What is kept of the deadline for the handover: a fence that passes first refuses it.
const HANDOVER_TIME: Duration = Duration::from_millis(500);

/// Steps 3 to 5. When this fails, the primary is the old one and the fence is released; or that is not known yet, and the
/// intent stays pending.
pub(super) fn hand_over(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    deadline: Duration,
    times: &mut Times,
) -> Result<(), CommandRefusal> {
    let start = times.fence();
    let fenced = match pair.from.fence(&intent.id, intent.epoch, deadline) {
        Ok(fenced) => fenced,
        Err(error) => {
            let why = format!("{} did not fence its writes: {error}", pair.from_name);
            return Err(back_out(work, intent, pair, times, &why));
        }
    };
    step(work, times, SwitchStep::Fenced)?;
    let end = start + deadline.saturating_sub(HANDOVER_TIME.min(deadline / 4));
    let wanted = Position { epoch: intent.epoch, at: fenced.position };
    if let Err(why) = catch_up(pair, wanted, end) {
        return Err(back_out(work, intent, pair, times, &why));
    }
    step(work, times, SwitchStep::CaughtUp)?;
    let to = Peer { store: intent.to.clone(), url: pair.to.url.clone() };
    match handed_over(pair, intent, &to, start + deadline) {
        HandedOver::Yes => step(work, times, SwitchStep::HandedOver),
        HandedOver::No(why) => Err(back_out(work, intent, pair, times, &why)),
        HandedOver::Unknown(why) => {
            let (verb, collection) = (intent.direction.word(), &work.record.collection);
            Err(CommandRefusal::of(
                Code::UnderWay,
                format!(
                    "{verb} {collection}: whether ownership was handed over is not known. {}: {why}. It is asked \
                     again until it says so, and then this goes on or back by itself; no answered write is lost",
                    pair.from_name
                ),
            ))
        }
    }
}

/// Waits until the follower has every change.
pub(crate) fn catch_up(pair: &Pair, wanted: Position, end: Instant) -> Result<(), String> {
    let mut last = format!("{} did not answer in time", pair.to_name);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(last);
        }
        match pair.to.ownership_at(wanted, left) {
            Ok(to) if to.covers(wanted) => return Ok(()),
            Ok(_) => last = format!("{} did not get every change in time", pair.to_name),
            // An answer for which there was no time left says nothing about the program.
            Err(_) if Instant::now() >= end => {}
            Err(error) => last = format!("{}: {error}", pair.to_name),
        }
        sleep(POLL);
    }
}

/// What became of a handover.
enum HandedOver {
    Yes,
    /// It is not there, and cannot come any more once the fence is released.
    No(String),
    Unknown(String),
}

/// Hands over. If no answer confirms it, asks the primary for the state of its store.
fn handed_over(pair: &Pair, intent: &Intent, to: &Peer, end: Instant) -> HandedOver {
    let epoch = intent.epoch + 1;
    loop {
        let why = match pair.from.handover(&intent.id, intent.epoch, to) {
            Ok(_) => return HandedOver::Yes,
            Err(error) => error,
        };
        match pair.from.ownership() {
            Ok(from) if from.handed_over(epoch, &to.store) => return HandedOver::Yes,
            Ok(_) if matches!(why.fault, PeerFault::Refused { .. } | PeerFault::Unknown) => {
                return HandedOver::No(format!(
                    "{} did not hand over ownership: {why}",
                    pair.from_name
                ));
            }
            Ok(_) if Instant::now() > end => {
                return HandedOver::No(format!("{}: {why}, and the time is up", pair.from_name));
            }
            Err(error) if Instant::now() > end => return HandedOver::Unknown(error.to_string()),
            Ok(_) | Err(_) => sleep(POLL),
        }
    }
}

/// Undoes the steps before the handover and returns the refusal. If the primary does not confirm the release of the
/// fence, or a handover that was sent came first, the intent stays pending.
fn back_out(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
    why: &str,
) -> CommandRefusal {
    let pending = match released(pair, intent) {
        Ok(from) if from.handed_over(intent.epoch + 1, &intent.to) => {
            "ownership was handed over".to_owned()
        }
        Ok(from) => {
            let blocked = from.blocked_by.map_or(String::new(), |blocked| format!(" ({blocked})"));
            return backed_out(work, intent, pair, times, &format!("{why}{blocked}"));
        }
        Err(error) => format!("{} does not say that it let go ({error})", pair.from_name),
    };
    CommandRefusal::of(
        Code::UnderWay,
        format!(
            "{why}; {pending}: this goes on or back by itself as soon as {} says which",
            pair.from_name
        ),
    )
}

fn backed_out(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
    why: &str,
) -> CommandRefusal {
    let outcome = format!("{why}; {} is the primary as before, and takes writes", pair.from_name);
    let pause = times.pause_ms();
    let ended = work.ended(times.outcome(intent.direction, false, outcome.clone(), pause));
    let (verb, collection) = (intent.direction.word(), &work.record.collection);
    ended.err().unwrap_or_else(|| {
        let code = Code::Again(intent.direction.verb());
        CommandRefusal::of(code, format!("{verb} {collection}: {outcome}"))
    })
}

/// Releases the fence; gives what the primary says of itself then. Without the fence no handover of this intent can come any
/// more, however late it arrives; so whether there is one is known for good.
///
/// # Errors
/// If the fence may still stand.
pub(crate) fn released(pair: &Pair, intent: &Intent) -> Result<SideStatus, NotDone> {
    pair.from.release(&intent.id).or_else(|error| {
        let from = pair.from.ownership().ok();
        let let_go =
            |from: &SideStatus| from.fence.as_ref().is_none_or(|fence| fence.id != intent.id);
        from.filter(let_go).ok_or(error)
    })
}
