//! `reverse` where the target is lost after the grant: by force, a person's decision.

use super::Wishes;
use super::peer::PeerError;
use super::preflight::{Check, Pair, explained};
use super::record::{Direction, Intent, Owner};
use super::refusal::Refusal;
use super::switch;
use super::times::Times;
use super::wire::{Grant, Ownership, Role};
use super::work::Work;

/// What is known of a target that does not own what it was granted.
enum Target {
    /// It is there, and has not used the grant.
    Waits,
    /// It is there with another store: what it was is gone.
    Another,
    /// It does not answer.
    Silent(PeerError),
}

/// Gives the collection back to a source whose target is lost, where that is so; `None` where the target is well, and the
/// ordinary way loses nothing. Gives what was found, where nothing is to be changed.
///
/// 1. Looks at both sides: the source has granted, the target does not say that it owns.
/// 2. Without `force`: says what may be lost, and what `force` would do.
/// 3. Cancels a target that is there, so that the grant on its way can never be used. One that has just used it
///    refuses, and then the ordinary way is open.
/// 4. The source takes an epoch above the grant, the route leads to it.
///
/// # Errors
/// 409 where the source does not answer, without `force`, and where it does not take the collection back.
pub(super) fn lost(
    work: &mut Work<'_>,
    pair: &Pair,
    wishes: &Wishes,
) -> Result<Option<Vec<Check>>, Refusal> {
    let [target, source] = work.peers.both(&pair.from, &pair.to);
    let source = source.map_err(|error| explained(work, &pair.to_name, &pair.to, &error))?;
    if source.owns() && matches!(target, Err(PeerError::Silent(_))) {
        // It was given back already, perhaps by force, and nobody has to be asked for that.
        let outcome = format!("{} is the owner already", pair.to_name);
        if wishes.dry_run {
            return Ok(Some(vec![Check::found("owner", outcome)]));
        }
        return given_back(work, outcome, source.epoch).map(|()| Some(Vec::new()));
    }
    let Some(grant) = source.grant.clone().filter(|_| source.role == Role::Follower) else {
        return Ok(None);
    };
    let target = match target {
        Ok(target) if target.store != grant.to.store => Target::Another,
        Ok(target) if target.owns() => {
            // A take of which nobody knew whether it had happened has not.
            work.lose_below(work.record.lost_below.min(target.epoch))?;
            return Ok(None);
        }
        Ok(_) => Target::Waits,
        Err(error) => Target::Silent(error),
    };
    let loss = loss(pair, &source, &grant, &target, work.record.pending.as_ref());
    let state = state(pair, &grant, &target);
    if !wishes.force {
        let collection = &work.record.collection;
        return Err(Refusal::conflict(format!(
            "reverse {collection}: {state} {loss} `banyan reverse {collection} --force` makes {} the owner all the \
             same, in epoch {}",
            pair.to_name,
            grant.epoch + 1
        )));
    }
    if wishes.dry_run {
        return Ok(Some(vec![Check::found("loss", loss)]));
    }
    take(work, pair, &target, &grant, &loss)?;
    Ok(Some(Vec::new()))
}

fn given_back(work: &mut Work<'_>, outcome: String, epoch: u64) -> Result<(), Refusal> {
    switch::flip(work, Owner::Source, epoch)?;
    work.ended(Times::start(switch::PATIENCE).outcome(Direction::Reverse, true, outcome, None))
}

/// Takes the collection back. From before that on, whatever the target answers after all counts no more: what it took at
/// the same moment is lost.
fn take(
    work: &mut Work<'_>,
    pair: &Pair,
    target: &Target,
    grant: &Grant,
    loss: &str,
) -> Result<(), Refusal> {
    if let Target::Waits = target {
        pair.from.cancel().map_err(|error| {
            let why = "did not let go of its copy, so it may just have become the owner";
            Refusal::peer(&format!("{} {why}", pair.from_name), &error)
        })?;
    }
    let before = work.record.lost_below;
    work.lose_below(grant.epoch + 1)?;
    let taken = match pair.to.take() {
        Ok(taken) => taken,
        Err(error) => {
            // One that does not say so may have taken it.
            if pair.to.ownership().is_ok_and(|source| !source.owns()) {
                work.lose_below(before)?;
            }
            return Err(Refusal::peer(&format!("{} did not take ownership", pair.to_name), &error));
        }
    };
    let outcome = format!("{} owns it by force in epoch {}. {loss}", pair.to_name, taken.epoch);
    log::warn!("reverse {}: {outcome}", work.record.collection);
    given_back(work, outcome, taken.epoch)
}

/// What stands in the way of the ordinary way, and what helps instead of force.
fn state(pair: &Pair, grant: &Grant, target: &Target) -> String {
    let (target_name, epoch) = (&pair.from_name, grant.epoch);
    match target {
        Target::Waits => format!(
            "{target_name} was granted epoch {epoch}, and has not taken it yet; it does so by itself when it gets \
             the end of the feed."
        ),
        Target::Another => format!(
            "{target_name} was granted epoch {epoch}, and holds another store now. Put its database back, and \
             nothing is lost."
        ),
        Target::Silent(error) => format!(
            "{target_name} was granted epoch {epoch}, and {error}. Start it, and nothing is lost."
        ),
    }
}

/// What may be lost, in sentences.
fn loss(
    pair: &Pair,
    source: &Ownership,
    grant: &Grant,
    target: &Target,
    pending: Option<&Intent>,
) -> String {
    if matches!(target, Target::Waits) {
        return "Its copy is removed by force; nothing that was answered is lost.".into();
    }
    let epoch = grant.epoch;
    let followed = source.followed.as_ref().filter(|followed| {
        followed.source.store == grant.to.store && followed.covered.epoch == epoch
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
            grant.position,
            pair.to_name
        ),
    };
    format!(
        "Given up by force: {lost}. New ids begin far above those that are known, for it may have given some. Should \
         it come back as an owner, it retires: start it with an empty database."
    )
}
