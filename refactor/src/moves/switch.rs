//! Changing the owner: `switch` and, with the sides swapped, `reverse`.
//!
//! 1. **Preflight** (`preflight.rs`): the follower has the copy, its lag is known and small, the way back is there, the
//!    copy was compared. Nothing is changed; a refusal leaves everything as it was.
//! 2. **Intent**: what is about to be done is on disk.
//! 3. **Hold**: the owner refuses writes. It lets go by itself when the time is up.
//! 4. **Caught up**: the follower covers the position at which the owner holds.
//! 5. **Grant**: the owner writes, as the last of its feed, that the next epoch is the follower's.
//! 6. **Promotion**: the follower applies the grant, and with it owns the collection. Nobody tells it to.
//! 7. **Flip**: the route leads to the owner: ACTIVE after a switch, INACTIVE after a reverse.
//! 8. **Follow back**: the former owner follows the new one.
//! 9. **Compare**: the rows that were changed last are the same on both sides.
//!
//! Each step can be repeated, and after each the control plane may die. Up to the grant whatever goes wrong, or takes
//! longer than the deadline, is taken back: the hold is released, the owner is the old one. From the grant on there is
//! only the way forward: a grant that is on its way may be used. `settle.rs` goes on from wherever this was broken off,
//! by what both stores say of themselves. After success the new owner takes the writes and the old one follows it, so
//! that the same procedure leads back. Two coordinators at once do no harm: a hold belongs to an id that only one of
//! them knows, and only the holder can grant, once an epoch.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Wishes;
use super::peer::{Peer, PeerError};
use super::preflight::{self, Check, Pair};
use super::record::{Direction, Intent, Owner, Step};
use super::refusal::Refusal;
use super::times::Times;
use super::wire::{Ownership, Peer as Name, Position, Role};
use super::work::Work;
use super::{follow, forced, recent};
use crate::spaces::resource::now_ms;
use crate::spaces::{ApiError, Check as HealthCheck};

/// How often a store is asked while others wait for it.
const POLL: Duration = Duration::from_millis(3);
/// How long a follower may take to know how far it is behind; longer than a few heartbeats.
const LAG_TIME: Duration = Duration::from_secs(2);
/// How often it is looked whether a route's health check has ended.
const CHECK_POLL: Duration = Duration::from_millis(100);
/// What is kept of the deadline for the grant: a hold that passes first refuses it.
const GRANT_TIME: Duration = Duration::from_millis(500);
/// How long a command waits for what happens without it once ownership is granted.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What a command found: whether it is to go on.
enum Ready {
    /// What is to be done, and what was looked at.
    Go(Intent, Vec<Check>),
    /// It is as wanted already: who owns it.
    Done(Owner),
    /// Somebody granted it, and is gone; the rest is to be done.
    Granted(Intent),
}

/// Makes the follower the owner. Gives what was looked at first.
///
/// # Errors
/// 409 with everything that stands against it, or with what went wrong and how things stand.
pub(super) fn run(
    work: &mut Work<'_>,
    direction: Direction,
    wishes: &Wishes,
) -> Result<Vec<Check>, Refusal> {
    let pair = Pair::of(work, direction);
    if direction == Direction::Reverse
        && let Some(checks) = forced::lost(work, &pair, wishes)?
    {
        return Ok(checks);
    }
    let mut times = Times::start(PATIENCE);
    let (intent, checks) = match ready(work, direction, &pair, wishes)? {
        Ready::Go(intent, checks) => (intent, checks),
        Ready::Done(owner) => {
            let outcome = format!("{} is the owner already", pair.to_name);
            if wishes.dry_run {
                return Ok(vec![Check::found("owner", outcome)]);
            }
            flip(work, owner)?;
            work.ended(times.outcome(direction, true, outcome, None))?;
            return Ok(Vec::new());
        }
        Ready::Granted(intent) => {
            if wishes.dry_run {
                let granted = format!("ownership is granted to {} already", pair.to_name);
                return Ok(vec![Check::found("owner", granted)]);
            }
            work.intend(intent.clone())?;
            finish(work, &intent, &pair, &mut times)?;
            return Ok(Vec::new());
        }
    };
    if wishes.dry_run {
        return Ok(checks);
    }
    if let Some(refusal) = preflight::refused(work, direction, &checks) {
        return Err(refusal);
    }
    // Whatever can fail about the route fails now, and not while writes wait.
    follow::make_route(work)?;
    work.intend(intent.clone())?;
    times.passed(Step::Intent);
    let handed_over = hand_over(work, &intent, &pair, wishes.deadline, &mut times);
    later(work, handed_over)?;
    finish(work, &intent, &pair, &mut times)?;
    Ok(checks)
}

/// Looks at both sides without changing anything.
fn ready(
    work: &Work<'_>,
    direction: Direction,
    pair: &Pair,
    wishes: &Wishes,
) -> Result<Ready, Refusal> {
    let collection = &work.record.collection;
    let (from, to) = pair.look(work)?;
    if from.store == to.store {
        return Err(Refusal::conflict(format!(
            "{collection} cannot follow itself: {} and {} are the same store; say another --target",
            pair.from_name, pair.to_name
        )));
    }
    if to.lineage != from.lineage {
        let what = match direction {
            Direction::Switch if to.rows => {
                "holds data of its own: start it with an empty database, then"
            }
            Direction::Switch | Direction::Reverse => "has nothing to do with it:",
        };
        return Err(Refusal::conflict(format!(
            "{} {what} `banyan follow {collection}` lets it follow {}",
            work.target_name(),
            work.source_name()
        )));
    }
    if to.owns() && !from.owns() {
        let for_good = from.role == Role::Retired;
        return Ok(Ready::Done(if for_good { Owner::TargetForGood } else { direction.owner() }));
    }
    if let Some(grant) = from.grant.as_ref().filter(|grant| grant.to.store == to.store)
        && !from.owns()
    {
        return Ok(Ready::Granted(Intent {
            direction,
            id: String::new(),
            from: from.store.clone(),
            to: to.store.clone(),
            epoch: grant.epoch.saturating_sub(1),
            began_ms: now_ms(),
            step: Step::Granted,
        }));
    }
    match (from.role, to.role) {
        (Role::Primary, Role::Retired) => Err(Refusal::conflict(format!(
            "there is no way back: {} was retired by `banyan complete {collection}`",
            pair.to_name
        ))),
        (Role::Primary, _) => {
            let to = with_lag(pair, &from, to);
            let both = (&from, &to);
            let checks =
                preflight::checks(work, direction, pair, both, wishes.most_lag_ms, wishes.force)?;
            let intent = Intent {
                direction,
                id: format!("{:032x}", fastrand::u128(..)),
                from: from.store,
                to: to.store,
                epoch: from.epoch,
                began_ms: now_ms(),
                step: Step::Intent,
            };
            Ok(Ready::Go(intent, checks))
        }
        _ => Err(Refusal::conflict(format!(
            "{} does not own {collection}: `banyan status` shows who does",
            pair.from_name
        ))),
    }
}

/// The follower, once it knows how far it is behind: who has just begun to follow, as after a switch, waits for the first
/// heartbeat.
fn with_lag(pair: &Pair, from: &Ownership, mut to: Ownership) -> Ownership {
    let end = Instant::now() + LAG_TIME;
    let unknown = |to: &Ownership| {
        let lag = to.following.as_ref().and_then(|following| following.lag_ms);
        to.follows(&from.store) && lag.is_none()
    };
    while unknown(&to) && Instant::now() < end {
        sleep(POLL);
        match pair.to.ownership() {
            Ok(newer) => to = newer,
            Err(_) => break,
        }
    }
    to
}

/// Steps 3 to 5. When this fails, the owner is the old one and the hold is released; or that is not known yet, and the
/// intent stays pending.
fn hand_over(
    work: &mut Work<'_>,
    intent: &Intent,
    pair: &Pair,
    deadline: Duration,
    times: &mut Times,
) -> Result<(), Refusal> {
    let start = times.hold();
    let held = match pair.from.hold(&intent.id, intent.epoch, deadline) {
        Ok(held) => held,
        Err(error) => {
            let why = format!("{} did not hold its writes: {error}", pair.from_name);
            return Err(back_out(work, intent, pair, times, &why));
        }
    };
    step(work, times, Step::Held)?;
    let end = start + deadline.saturating_sub(GRANT_TIME.min(deadline / 4));
    let wanted = Position { epoch: intent.epoch, at: held.position };
    if let Err(why) = catch_up(pair, wanted, end) {
        return Err(back_out(work, intent, pair, times, &why));
    }
    step(work, times, Step::CaughtUp)?;
    let to = Name { store: intent.to.clone(), url: pair.to.url.clone() };
    match granted(pair, intent, &to, start + deadline) {
        Granted::Yes => step(work, times, Step::Granted),
        Granted::No(why) => Err(back_out(work, intent, pair, times, &why)),
        Granted::Unknown(why) => {
            let (verb, collection) = (intent.direction.word(), &work.record.collection);
            Err(Refusal::conflict(format!(
                "{verb} {collection}: whether ownership was granted is not known. {}: {why}. It is asked \
                 again until it says so, and then this goes on or back by itself; `banyan status` shows it, \
                 and no answered write is lost",
                pair.from_name
            )))
        }
    }
}

/// Waits until the follower has every change.
fn catch_up(pair: &Pair, wanted: Position, end: Instant) -> Result<(), String> {
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

/// What became of a grant.
enum Granted {
    Yes,
    /// It is not there, and cannot come any more once the hold is released.
    No(String),
    Unknown(String),
}

/// Grants, and where no answer says that it did, asks the owner what stands in its store.
fn granted(pair: &Pair, intent: &Intent, to: &Name, end: Instant) -> Granted {
    let epoch = intent.epoch + 1;
    loop {
        let why = match pair.from.grant(&intent.id, intent.epoch, to) {
            Ok(_) => return Granted::Yes,
            Err(error) => error,
        };
        match pair.from.ownership() {
            Ok(from) if from.granted(epoch, &to.store) => return Granted::Yes,
            Ok(_) if matches!(why, PeerError::Refused(_) | PeerError::Unknown) => {
                return Granted::No(format!("{} did not grant ownership: {why}", pair.from_name));
            }
            Ok(_) if Instant::now() > end => {
                return Granted::No(format!("{}: {why}, and the time is up", pair.from_name));
            }
            Err(error) if Instant::now() > end => return Granted::Unknown(error.to_string()),
            Ok(_) | Err(_) => sleep(POLL),
        }
    }
}

/// Takes back what stands before the grant; gives the refusal. Where the owner does not say that it let go, or a grant
/// that was sent came first, the intent stays pending.
fn back_out(
    work: &mut Work<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
    why: &str,
) -> Refusal {
    let pending = match released(pair, intent) {
        Ok(from) if from.granted(intent.epoch + 1, &intent.to) => {
            "ownership was granted".to_owned()
        }
        Ok(_) => return backed_out(work, intent, pair, times, why),
        Err(error) => format!("{} does not say that it let go ({error})", pair.from_name),
    };
    Refusal::conflict(format!(
        "{why}; {pending}: this goes on or back by itself as soon as {} says which; `banyan status` shows it",
        pair.from_name
    ))
}

fn backed_out(
    work: &mut Work<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
    why: &str,
) -> Refusal {
    let outcome = format!("{why}; {} owns it as before, and takes writes", pair.from_name);
    let pause = times.pause_ms();
    let ended = work.ended(times.outcome(intent.direction, false, outcome.clone(), pause));
    let (verb, collection) = (intent.direction.word(), &work.record.collection);
    ended.err().unwrap_or_else(|| {
        Refusal::conflict(format!(
            "{verb} {collection}: {outcome}; `banyan {verb} {collection}` tries again"
        ))
    })
}

/// Releases the hold; gives what the owner says of itself then. Without the hold no grant of this intent can come any
/// more, however late it arrives; so whether there is one is known for good.
///
/// # Errors
/// Where the hold may still stand.
pub(super) fn released(pair: &Pair, intent: &Intent) -> Result<Ownership, PeerError> {
    pair.from.release(&intent.id).or_else(|error| {
        let from = pair.from.ownership().ok();
        let let_go = |from: &Ownership| from.hold.as_ref().is_none_or(|hold| hold.id != intent.id);
        from.filter(let_go).ok_or(error)
    })
}

/// Steps 6 to 9: what is left once ownership is granted. Where the follower is not promoted in time, or anything else
/// fails, the intent stays pending, and is taken up again by itself.
///
/// # Errors
/// 409 that says how far it is, and what helps; 500 where the state cannot be written.
pub(super) fn finish(
    work: &mut Work<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
) -> Result<(), Refusal> {
    let finished = go_forward(work, intent, pair, times);
    later(work, finished)
}

/// Has whatever is still pending after an error taken up again by itself.
fn later(work: &Work<'_>, result: Result<(), Refusal>) -> Result<(), Refusal> {
    if result.is_err() && work.record.pending.is_some() {
        work.inner.settle_later(&work.record.key());
    }
    result
}

fn go_forward(
    work: &mut Work<'_>,
    intent: &Intent,
    pair: &Pair,
    times: &mut Times,
) -> Result<(), Refusal> {
    let collection = work.record.collection.clone();
    // The primary of an epoch has everything of the one before.
    let primary = Position { epoch: intent.epoch + 1, at: 0 };
    let promoted = wait(&pair.to, Some(primary), times.patience(), |to| {
        if to.store == intent.to && to.owns() && to.epoch > intent.epoch {
            return Ok(());
        }
        let detail = to.following.as_ref().and_then(|following| following.detail.clone());
        Err(detail.unwrap_or_else(|| "it has not applied the grant".into()))
    });
    if let Err(why) = promoted {
        return Err(Refusal::conflict(format!(
            "{} {collection}: ownership is granted, and {} does not take it: {why}. Start it and it does, by \
             itself. Only if it is lost for good: `banyan reverse {collection}` says what may be lost, and what \
             --force would do",
            intent.direction.word(),
            pair.to_name
        )));
    }
    let pause = times.pause_ms();
    step(work, times, Step::Promoted)?;
    flip(work, intent.direction.owner())?;
    step(work, times, Step::Flipped)?;
    let back = wait(&pair.from, None, times.patience(), |from| {
        if from.follows(&intent.to) { Ok(()) } else { Err("it does not follow yet".into()) }
    });
    let mut outcome = match back {
        Ok(()) => {
            step(work, times, Step::FollowedBack)?;
            format!("{} owns it, and {} follows", pair.to_name, pair.from_name)
        }
        Err(why) => format!(
            "{} owns it; there is no way back yet: {}: {why}; start it and it follows by itself",
            pair.to_name, pair.from_name
        ),
    };
    match recent::compare(&pair.to, &pair.from) {
        Ok(compared) => {
            times.passed_as(Step::Compared, compared.shown());
            if compared.differs() {
                outcome = format!("{outcome}; {}: `banyan diff {collection}`", compared.shown());
            }
        }
        Err(why) => {
            outcome = format!(
                "{outcome}; the last changed rows were not compared ({why}): `banyan diff {collection}`"
            );
        }
    }
    work.ended(times.outcome(intent.direction, true, outcome, pause))
}

/// Leads the route to the owner: ACTIVE where that is the target. It needs no health check, for the owner has just said
/// what it is; one that is under way is waited for. From the first step on nobody can delete a route that the target needs;
/// one that was deleted just before is made again.
///
/// # Errors
/// What the route's application says.
pub(super) fn flip(work: &mut Work<'_>, owner: Owner) -> Result<(), Refusal> {
    work.owned_by(owner)?;
    let active = owner != Owner::Source;
    let start = Instant::now();
    loop {
        let route = match work.route() {
            Some(route) => route.id,
            // Without a route everything goes to the source.
            None if !active => return Ok(()),
            None => follow::make_route(work)?,
        };
        let place = work.record.place();
        match work.inner.spaces.update_route(&place, &route, active, HealthCheck::Skipped) {
            Err(ApiError::Validation(_)) if start.elapsed() < PATIENCE => sleep(CHECK_POLL),
            flipped => return Ok(flipped.map(drop)?),
        }
    }
}

/// Asks a program until it says what is waited for, or the patience ends; then with what it said last. That cannot be
/// before it has a position, where one is given.
fn wait(
    peer: &Peer,
    position: Option<Position>,
    patience: Duration,
    is_so: impl Fn(&Ownership) -> Result<(), String>,
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

/// Notes that a step is done. From here on a restart knows it; what the stores say counts all the same.
fn step(work: &mut Work<'_>, times: &mut Times, step: Step) -> Result<(), Refusal> {
    times.passed(step);
    if let Some(intent) = &mut work.record.pending {
        intent.step = step;
    }
    // While writes wait, nobody waits for the disk: the intent is there, and the stores know the rest.
    if !(Step::Held..Step::Promoted).contains(&step) {
        work.save()?;
    }
    Ok(())
}
