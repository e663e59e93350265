//! `reverse` by force, after the target is lost: a person decides it.

use super::preflight::Check;
use super::{finish, steps};
use crate::code::Code;
use crate::options::CommandOptions;
use crate::pair::{Pair, explained};
use crate::record::{Direction, Intent, PrimarySide, SwitchStep};
use crate::refusal::CommandRefusal;
use crate::remote_store::NotDone;
use crate::times::Times;
use crate::work::CommandWork;
use replication::{Handover, Role, SideStatus};
use spaces::resource::now_ms;

/// The state of a target that the handover has not made the primary.
enum Target {
    /// It is there, and has not used the handover.
    Waits,
    /// It is there with another store: what it was is gone.
    Another,
    /// It does not answer.
    Silent(NotDone),
}

impl Target {
    /// None if the handover made it the primary.
    fn of(said: Result<SideStatus, NotDone>, handover: &Handover) -> Option<Self> {
        match said {
            Err(error) => Some(Self::Silent(error)),
            Ok(target) if target.store != handover.to.store => Some(Self::Another),
            Ok(target) if target.is_primary() && target.epoch >= handover.epoch => None,
            Ok(target) if target.is_primary() => Some(Self::Another),
            Ok(_) => Some(Self::Waits),
        }
    }
}

/// If the target is lost, gives the collection back to the source; `None` if the target is well, because then the
/// ordinary way loses nothing. Returns the checks if nothing is to be changed.
///
/// 1. Looks at both sides: the source has handed over, the target does not say that it is the primary.
/// 2. Without `force`: says what may be lost, and what `force` would do.
/// 3. Cancels a target that is there, so that the handover on its way can never be used. One that has just used it
///    refuses, and then the ordinary way is open.
/// 4. Records the intent: after an interruption [`settle`] goes on.
/// 5. The source takes an epoch above the handover, the route leads to it.
///
/// # Errors
/// 409 if the source does not answer, without `force`; if it does not take the collection back, or it is not known
/// whether it did.
pub(crate) fn lost(
    work: &mut CommandWork<'_>,
    pair: &Pair,
    options: &CommandOptions,
) -> Result<Option<Vec<Check>>, CommandRefusal> {
    let [target, source] = work.peers.both(&pair.from, &pair.to);
    let source = source.map_err(|error| explained(work, &pair.to_name, &pair.to, &error))?;
    if source.is_primary() && target.as_ref().is_ok_and(|target| target.is_primary()) {
        return Ok(None);
    }
    if source.is_primary()
        && let Err(older) = work.not_before(source.epoch)
    {
        if !options.force {
            return Err(older);
        }
        if options.dry_run {
            return Ok(Some(vec![Check::found("loss", older.text().to_owned())]));
        }
        forget_epoch(work);
    }
    if source.is_primary() && target.as_ref().is_err_and(|error| error.is_silent()) {
        // It was given back already, perhaps by force, so the target need not answer.
        let outcome = format!("{} is the primary already", pair.to_name);
        if options.dry_run {
            return Ok(Some(vec![Check::found("primary", outcome)]));
        }
        return given_back(work, outcome, source.epoch).map(|()| Some(Vec::new()));
    }
    let Some(handover) = source.handover.clone().filter(|_| source.role == Role::Follower) else {
        return Ok(None);
    };
    let Some(target) = Target::of(target, &handover) else {
        // Another way back would end what is pending, and not what was sent.
        let pending = work.record.pending.as_ref().is_some_and(|intent| intent.by_force.is_some());
        return if pending { Err(unknown(work, pair, "it has not said so yet")) } else { Ok(None) };
    };
    let older = work.not_before(handover.epoch);
    if !options.force {
        older.clone()?;
    }
    let waits = matches!(target, Target::Waits);
    let loss = loss(pair, &source, &handover, waits, work.record.pending.as_ref());
    let state = state(pair, &handover, &target);
    if !options.force {
        let collection = &work.record.collection;
        let code = Code::TargetLost { epoch: handover.epoch + 1 };
        return Err(CommandRefusal::of(code, format!("reverse {collection}: {state} {loss}")));
    }
    if options.dry_run {
        return Ok(Some(vec![Check::found("loss", loss)]));
    }
    if let Target::Waits = target {
        pair.from.cancel().map_err(|error| {
            let why = "did not let go of its copy, so it may just have become the primary";
            CommandRefusal::peer(&format!("{} {why}", pair.from_name), &error)
        })?;
    }
    if older.is_err() {
        forget_epoch(work);
    }
    let repeated = work.record.pending.as_ref().and_then(|intent| intent.by_force);
    let intent = Intent {
        direction: Direction::Reverse,
        id: String::new(),
        from: handover.to.store.clone(),
        to: source.store.clone(),
        epoch: handover.epoch,
        began_ms: now_ms(),
        step: SwitchStep::Intent,
        by_force: repeated.or(Some(work.record.lost_below)),
    };
    work.give_up_below(handover.epoch + 1, intent.clone())?;
    Times::start(steps::PATIENCE).passed(SwitchStep::Intent);
    let taken = take(work, &intent, pair, &loss);
    finish::later(work, taken)?;
    Ok(Some(Vec::new()))
}

/// Goes on with a take that was begun: a person decided it, and it may have been sent.
///
/// # Errors
/// As [`lost`].
pub(crate) fn settle(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    source: Result<SideStatus, NotDone>,
) -> Result<(), CommandRefusal> {
    let source = source.map_err(|error| unknown(work, pair, &error.to_string()))?;
    match source.handover.clone() {
        Some(handover)
            if source.store == intent.to && source.handed_over(intent.epoch, &intent.from) =>
        {
            let loss = loss(pair, &source, &handover, false, Some(intent));
            take(work, intent, pair, &loss)
        }
        _ => not_taken(work, intent, "was overtaken: its source is another one now".to_owned()),
    }
}

/// A person says so: a primary of an earlier epoch counts.
fn forget_epoch(work: &mut CommandWork<'_>) {
    (work.record.epoch, work.record.lost_below) = (None, 0);
}

fn given_back(
    work: &mut CommandWork<'_>,
    outcome: String,
    epoch: u64,
) -> Result<(), CommandRefusal> {
    steps::flip(work, PrimarySide::Source, epoch)?;
    work.ended(Times::start(steps::PATIENCE).outcome(Direction::Reverse, true, outcome, None))
}

/// Takes the collection back. From before that on, whatever the target answers after all counts no more: what it took at
/// the same moment is lost. Can be repeated.
fn take(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    pair: &Pair,
    loss: &str,
) -> Result<(), CommandRefusal> {
    let collection = work.record.collection.clone();
    match pair.to.take() {
        Ok(taken) => {
            let outcome = format!(
                "{} is the primary by force in epoch {}. {loss}",
                pair.to_name, taken.epoch
            );
            log::warn!("reverse {collection}: {outcome}");
            given_back(work, outcome, taken.epoch)
        }
        Err(error) if error.is_sure() => {
            let why = format!("{} did not take ownership", pair.to_name);
            not_taken(work, intent, format!("{why}: {error}"))?;
            Err(CommandRefusal::peer(&why, &error))
        }
        Err(error) => Err(unknown(work, pair, &error.to_string())),
    }
}

/// Ends a take that surely did not happen: what the target writes is as good as before.
fn not_taken(
    work: &mut CommandWork<'_>,
    intent: &Intent,
    outcome: String,
) -> Result<(), CommandRefusal> {
    work.record.lost_below = intent.by_force.unwrap_or_default();
    let mut times = Times::start(steps::PATIENCE);
    work.ended(times.outcome(Direction::Reverse, false, outcome, None))?;
    work.tell_epoch()
}

fn unknown(work: &CommandWork<'_>, pair: &Pair, why: &str) -> CommandRefusal {
    let collection = &work.record.collection;
    CommandRefusal::conflict(format!(
        "reverse {collection}: whether {} took ownership by force is not known: {why}. Start it: it is told again until \
         it says so. Until then a write that {} takes is answered 502, for it may be lost",
        pair.to_name, pair.from_name
    ))
}

/// What stands in the way of the ordinary way, and what helps instead of force.
fn state(pair: &Pair, handover: &Handover, target: &Target) -> String {
    let (target_name, epoch) = (&pair.from_name, handover.epoch);
    match target {
        Target::Waits => format!(
            "{target_name} was given epoch {epoch}, and has not taken it yet; it does so by itself when it gets \
             the end of the feed."
        ),
        Target::Another => format!(
            "{target_name} was given epoch {epoch}, and holds another store now. Put its database back, and \
             nothing is lost."
        ),
        Target::Silent(error) => format!(
            "{target_name} was given epoch {epoch}, and {error}. Start it, and nothing is lost."
        ),
    }
}

/// What may be lost, in sentences.
fn loss(
    pair: &Pair,
    source: &SideStatus,
    handover: &Handover,
    waits: bool,
    pending: Option<&Intent>,
) -> String {
    if waits {
        return "Its copy is removed by force; nothing that was answered is lost.".into();
    }
    let epoch = handover.epoch;
    let followed = source.followed.as_ref().filter(|followed| {
        followed.source.store == handover.to.store && followed.covered.epoch == epoch
    });
    let since = pending.map_or(String::new(), |intent| {
        let time = jiff::Timestamp::from_millisecond(intent.began_ms).unwrap_or_default();
        format!(" ({time})")
    });
    let lost = match followed {
        Some(followed) => format!(
            "{} has what it wrote up to position {epoch}.{}; what it took after that is lost",
            pair.to_name, followed.covered.at
        ),
        None => format!(
            "if it took writes in epoch {epoch}, after position {}.{} of {}{since}, they are lost; what was \
             answered before is not",
            epoch.saturating_sub(1),
            handover.position,
            pair.to_name
        ),
    };
    format!(
        "Given up by force: {lost}. New ids begin far above those that are known, for it may have given some. Should \
         it come back as a primary, it retires: start it with an empty database."
    )
}
