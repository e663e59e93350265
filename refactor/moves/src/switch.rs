//! Changes the primary: `switch` and, with the sides swapped, `reverse`.
//!
//! 1. **Preflight** (`preflight.rs`): the follower has all rows, its lag is known and small, the way back exists, and
//!    the two sides were compared. A refusal changes nothing. Then the coordinator waits for writes that began before
//!    the route was made, because the proxy could not send them to another service.
//! 2. **Intent**: the plan is on disk.
//! 3. **Fence**: the primary refuses writes. The fence ends by itself at its deadline.
//! 4. **Caught up**: the follower covers the position at which the primary fences writes.
//! 5. **Handover**: the primary writes the last entry of its feed: the next epoch belongs to the follower.
//! 6. **Promotion**: the follower applies the handover and so becomes the primary. It needs no command for that.
//! 7. **Flip**: the route leads to the primary: ACTIVE after a switch, INACTIVE after a reverse.
//! 8. **Follow back**: the former primary follows the new one.
//! 9. **Compare**: the rows that were changed last are the same on both sides.
//!
//! Each step can be repeated, and the control plane may crash after each. Before the handover, any failure or a
//! missed deadline leads back: the fence is released, and the primary stays the same. After the handover there is
//! only the way forward, because a handover that was sent may be used. After an interruption `settle.rs` goes on from
//! what both stores say. After success the new primary takes the writes and the old one follows it, so the same
//! procedure leads back. Two coordinators at once do no harm: only one of them knows the id of the fence, and only
//! that one can hand over, once per epoch.

pub(super) mod finish;
pub(super) mod forced;
pub(super) mod hand_over;
pub(super) mod preflight;
pub(super) mod steps;

use std::thread::sleep;
use std::time::{Duration, Instant};

use self::finish::{finish, later};
use self::hand_over::hand_over;
use self::preflight::Check;
use self::steps::{PATIENCE, POLL, flip};
use super::code::Code;
use super::follow;
use super::options::CommandOptions;
use super::pair::{self, Pair};
use super::record::{Direction, Intent, PrimarySide, SwitchStep};
use super::refusal::CommandRefusal;
use super::times::Times;
use super::work::CommandWork;
use replication::{Role, SideStatus};
use spaces::resource::now_ms;

/// How long a follower may take to know how far it is behind; longer than a few heartbeats.
const LAG_TIME: Duration = Duration::from_secs(2);
/// How long a switch waits for uploads; a repeat finds those answered that took longer.
const UPLOAD_TIME: Duration = Duration::from_secs(60);
/// What a command found: whether it is to go on.
enum Ready {
    /// What is to be done, and what was looked at.
    Go(Intent, Vec<Check>),
    /// It is as wanted already: the primary and its epoch.
    Done(PrimarySide, u64),
    /// Another coordinator handed it over and then stopped; the rest is to be done.
    HandedOver(Intent),
}

/// Makes the follower the primary. Gives what was looked at first.
///
/// # Errors
/// 409 with everything that stands against it, or with what went wrong and how things stand.
pub(super) fn run(
    work: &mut CommandWork<'_>,
    direction: Direction,
    options: &CommandOptions,
) -> Result<Vec<Check>, CommandRefusal> {
    let pair = Pair::of(work, direction);
    if direction == Direction::Reverse
        && let Some(checks) = forced::lost(work, &pair, options)?
    {
        return Ok(checks);
    }
    if options.dry_run
        && let Some(pending) = &work.record.pending
    {
        return Err(under_way(pending, &work.record.collection));
    }
    let mut times = Times::start(PATIENCE);
    let (mut intent, mut checks) = match ready(work, direction, &pair, options)? {
        Ready::Go(intent, checks) => (intent, checks),
        Ready::Done(primary, epoch) => {
            let outcome = format!("{} is the primary already", pair.to_name);
            if options.dry_run {
                return Ok(vec![Check::found("primary", outcome)]);
            }
            flip(work, primary, epoch)?;
            work.ended(times.outcome(direction, true, outcome, None))?;
            return Ok(Vec::new());
        }
        Ready::HandedOver(intent) => {
            if options.dry_run {
                let handed_over = format!("ownership is handed over to {} already", pair.to_name);
                return Ok(vec![Check::found("primary", handed_over)]);
            }
            work.not_before(intent.epoch + 1)?;
            work.intend(intent.clone())?;
            finish(work, &intent, &pair, &mut times)?;
            return Ok(Vec::new());
        }
    };
    if options.dry_run {
        return Ok(checks);
    }
    if let Some(refusal) = preflight::refused(work, direction, &checks) {
        return Err(refusal);
    }
    work.not_before(intent.epoch)?;
    // Whatever can fail about the route fails now, and not while writes wait.
    follow::make_route(work)?;
    if wait_for_uploads(work, direction)? {
        // What was looked at is as old as the wait was long.
        let Ready::Go(again, looked) = ready(work, direction, &pair, options)? else {
            return Err(CommandRefusal::of(
                Code::NotPrimary,
                format!(
                    "{}: the primary changed while writes were waited for",
                    work.record.collection
                ),
            ));
        };
        if let Some(refusal) = preflight::refused(work, direction, &looked) {
            return Err(refusal);
        }
        work.not_before(again.epoch)?;
        (intent, checks) = (again, looked);
    }
    work.intend(intent.clone())?;
    times.passed(SwitchStep::Intent);
    let handed_over = hand_over(work, &intent, &pair, options.deadline, &mut times);
    later(work, handed_over)?;
    finish(work, &intent, &pair, &mut times)?;
    Ok(checks)
}

/// What a dry run says if a change of primary is not at its end.
fn under_way(pending: &Intent, collection: &str) -> CommandRefusal {
    let verb = pending.direction.word();
    CommandRefusal::conflict(format!(
        "a {verb} of {collection} is not at its end, and a dry run changes nothing: the control plane ends the {verb} \
         by itself. Look again then"
    ))
}

/// Looks at both sides without changing anything.
fn ready(
    work: &CommandWork<'_>,
    direction: Direction,
    pair: &Pair,
    options: &CommandOptions,
) -> Result<Ready, CommandRefusal> {
    let collection = &work.record.collection;
    let (from, to) = pair.look(work)?;
    if from.store == to.store {
        return Err(CommandRefusal::of(
            Code::SameStore,
            format!(
                "{collection} cannot follow itself: {} and {} are the same store",
                pair.from_name, pair.to_name
            ),
        ));
    }
    if to.lineage != from.lineage {
        let (source, target) = (work.source_name(), work.target_name());
        return Err(match direction {
            Direction::Switch if to.rows => {
                CommandRefusal::of(Code::OwnData, format!("{target} holds data of its own"))
            }
            Direction::Switch | Direction::Reverse => CommandRefusal::of(
                Code::NotFollowed,
                format!("{target} has nothing to do with {source}"),
            ),
        });
    }
    if to.is_primary() && !from.is_primary() {
        let completed = from.role == Role::Retired && !from.superseded;
        let for_good = direction == Direction::Switch && completed;
        let primary = if for_good { PrimarySide::TargetForGood } else { direction.primary() };
        return Ok(Ready::Done(primary, to.epoch));
    }
    if let Some(handover) = from.handover.as_ref().filter(|handover| handover.to.store == to.store)
        && !from.is_primary()
    {
        return Ok(Ready::HandedOver(Intent {
            direction,
            id: String::new(),
            from: from.store.clone(),
            to: to.store.clone(),
            epoch: handover.epoch.saturating_sub(1),
            began_ms: now_ms(),
            step: SwitchStep::HandedOver,
            by_force: None,
        }));
    }
    match (from.role, to.role) {
        (Role::Primary, _) if to.superseded => {
            Err(CommandRefusal::conflict(pair::gave_way(&pair.to_name, collection)))
        }
        (Role::Primary, Role::Retired) => Err(CommandRefusal::of(
            Code::Completed,
            format!("there is no way back: {} is retired", pair.to_name),
        )),
        (Role::Primary, _) => {
            let to = with_lag(pair, &from, to);
            let both = (&from, &to);
            let checks =
                preflight::checks(work, direction, pair, both, options.most_lag_ms, options.force)?;
            let intent = Intent {
                direction,
                id: format!("{:032x}", fastrand::u128(..)),
                from: from.store.clone(),
                to: to.store.clone(),
                epoch: from.epoch,
                began_ms: now_ms(),
                step: SwitchStep::Intent,
                by_force: None,
            };
            Ok(Ready::Go(intent, checks))
        }
        _ => Err(CommandRefusal::of(
            Code::NotPrimary,
            format!("{} is not the primary of {collection}", pair.from_name),
        )),
    }
}

/// The follower, once its lag is known. A follower that has just begun to follow, as after a switch, waits for the
/// first heartbeat.
fn with_lag(pair: &Pair, from: &SideStatus, mut to: SideStatus) -> SideStatus {
    let end = Instant::now() + LAG_TIME;
    let unknown = |to: &SideStatus| {
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

/// Waits for writes that began before the collection had its route. The proxy cannot send these to the new primary:
/// it kept none of their bytes, because only one service could be the primary then. Returns whether it waited.
///
/// # Errors
/// 409 if one takes too long; nothing is changed.
fn wait_for_uploads(work: &CommandWork<'_>, direction: Direction) -> Result<bool, CommandRefusal> {
    let (collection, application) = (&work.record.collection, &work.record.application);
    let is_under_way = || work.inner.spaces.has_earlier_uploads(application);
    if !is_under_way()? {
        return Ok(false);
    }
    let verb = direction.word();
    log::info!(
        "{verb} {collection}: waits for uploads and other writes that began before its route was made"
    );
    let start = Instant::now();
    while is_under_way()? {
        if start.elapsed() > UPLOAD_TIME {
            return Err(CommandRefusal::of(
                Code::Again(direction.verb()),
                format!(
                    "{verb} {collection}: a write is still under way that began before the route /{collection} was \
                     made, and could not be sent to the new primary; nothing is changed"
                ),
            ));
        }
        sleep(POLL);
    }
    Ok(true)
}
