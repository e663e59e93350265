//! `cancel`: while the source owns the collection, as if nothing had been followed.

use super::code::Code;
use super::options::CommandOptions;
use super::pair::{self, Pair};
use super::record::{Direction, MadeResources, MoveRecord, PrimarySide};
use super::refusal::CommandRefusal;
use super::work::CommandWork;
use replication::Role;
use spaces::resource::ResourceState;
use spaces::{ApiError, HealthCheck};

/// Ends the move and leaves nothing behind.
///
/// 1. Looks at both sides: the source is the primary, and never handed the collection over to the target.
/// 2. Takes traffic from the route that `follow` made, so that no client reads a store that is about to be empty.
/// 3. Tells the target to forget everything; it is then as if it had never been used.
/// 4. Removes the route and the service that `follow` made.
/// 5. Forgets the move.
///
/// Each step can be repeated: after an interruption, cancel again to go on. The source is not affected.
///
/// `force` cancels even if the target does not answer, provided that the source is the primary or does not answer
/// either. It is for an operator that lost the target, or stopped all programs first to take an application down.
///
/// # Errors
/// 409 that says what stands against it.
pub(super) fn run(
    work: &mut CommandWork<'_>,
    options: &CommandOptions,
) -> Result<(), CommandRefusal> {
    let collection = work.record.collection.clone();
    let pair = Pair::of(work, Direction::Switch);
    if options.force
        && let [source, Err(silent)] = work.peers.both(&pair.from, &pair.to)
        && silent.is_silent()
    {
        match source {
            Ok(source) if source.is_primary() => {
                work.set_primary(PrimarySide::Source)?;
                remove_made(work)?;
            }
            Err(silent) if silent.is_silent() => {}
            _ => {
                return Err(CommandRefusal::of(
                    Code::NotPrimary,
                    format!(
                        "{} is reached, and is not the primary of {collection}: the way to its primary would be lost",
                        work.source_name()
                    ),
                ));
            }
        }
        log::warn!("cancel {collection}: {} is not reached; forgotten by force", pair.to_name);
        return forget(work, "it is forgotten by force: the target is not reached");
    }
    let (source, target) = pair.look(work)?;
    let ours = target.lineage == source.lineage;
    if source.superseded {
        return Err(CommandRefusal::conflict(pair::gave_way(&pair.from_name, &collection)));
    }
    if source.role == Role::Retired {
        return Err(CommandRefusal::of(
            Code::Completed,
            format!(
                "{} is retired: there is nothing to cancel, and no way back",
                work.source_name()
            ),
        ));
    }
    if !ours && target.is_primary() && target.rows {
        return Err(CommandRefusal::conflict(format!(
            "{} follows no store: it holds data of its own, which stays",
            work.target_name()
        )));
    }
    if ours && target.is_primary() {
        return Err(CommandRefusal::of(
            Code::ReverseFirst,
            format!("{} is the primary of {collection}", work.target_name()),
        ));
    }
    if !source.is_primary() {
        return Err(CommandRefusal::of(
            Code::HandedOver,
            format!("{} has handed over {collection} already", work.source_name()),
        ));
    }
    let made = work.record.made.clone();
    if let Some(led) = &work.sides.route
        && made.route.as_ref() != Some(&led.id)
        && led.state != ResourceState::Inactive
    {
        return Err(CommandRefusal::conflict(format!(
            "the route {} leads clients to {}, which would be empty, and the move did not make it: \
             delete it or make it INACTIVE, then cancel again",
            led.id,
            work.target_name()
        )));
    }
    work.set_primary(PrimarySide::Source)?;
    let (spaces, place) = (&work.inner.spaces, work.record.place());
    if let Some(route) = &made.route {
        gone(spaces.update_route(&place, route, false, HealthCheck::Skipped))?;
    }
    if target.role == Role::Follower && target.follows(&source.store) {
        pair.to.cancel().map_err(|error| {
            CommandRefusal::peer(&format!("{} was not cancelled", work.target_name()), &error)
        })?;
    }
    remove_made(work)?;
    forget(work, "the source is the primary as before, and nothing follows it")?;
    log::info!("cancel {collection}: {} follows no more", work.target_name());
    Ok(())
}

/// Removes the route and the service that `follow` made.
fn remove_made(work: &CommandWork<'_>) -> Result<(), CommandRefusal> {
    let (spaces, place, made) = (&work.inner.spaces, work.record.place(), &work.record.made);
    if let Some(route) = &made.route {
        gone(spaces.delete_route(&place, route))?;
    }
    if let Some(service) = &made.service {
        match spaces.delete_service(&place, service) {
            // Another route leads to this service by now, so the service stays.
            Err(ApiError::Conflict { message, .. }) => {
                log::warn!("cancel {}: {message}", work.record.collection);
            }
            deleted => gone(deleted)?,
        }
    }
    Ok(())
}

fn forget(work: &mut CommandWork<'_>, outcome: &str) -> Result<(), CommandRefusal> {
    work.forget(outcome)?;
    work.record.primary = PrimarySide::Source;
    fault::point("moves.protect");
    work.protect_route()?;
    let MoveRecord { application, collection, .. } = &work.record;
    work.inner.spaces.set_epoch(application, collection, None)?;
    work.record.made = MadeResources::default();
    Ok(())
}

/// A resource that was removed before needs no more work.
fn gone<T>(result: Result<T, ApiError>) -> Result<(), CommandRefusal> {
    match result {
        Ok(_) | Err(ApiError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
