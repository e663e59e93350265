//! The application that a collection belongs to, if no command names one.

use spaces::resource::Application;

use super::coordinator_state::CoordinatorState;
use super::record::MoveRecord;
use super::refusal::CommandRefusal;
use super::sides;

/// The application that a command is about: the one that it names, the only one, or the one that is inferred.
///
/// # Errors
/// 404 if there is none, or none of that name; 409 that names them if it is not known which one is meant; 500 if the moves
/// cannot be read.
pub(super) fn of_command(
    inner: &CoordinatorState,
    wanted: Option<&str>,
    collection: &str,
) -> Result<Application, CommandRefusal> {
    let all = inner.spaces.all_applications();
    let inferred = match wanted {
        Some(_) => None,
        None => inferred(inner, &all, &inner.journal.moves()?, collection),
    };
    match inferred {
        Some(application) => Ok(application.clone()),
        None => sides::application(&inner.spaces, wanted),
    }
}

/// The one application where the collection moves; else the one that has a route for it; else, for a collection of
/// MOVE_TARGETS, the one that was made first.
pub(super) fn inferred<'a>(
    inner: &CoordinatorState,
    all: &'a [Application],
    known: &[MoveRecord],
    collection: &str,
) -> Option<&'a Application> {
    let moves = |application: &&Application| {
        let here = |record: &MoveRecord| {
            record.application == application.id && record.collection == collection
        };
        known.iter().any(here)
    };
    let routed = |application: &&Application| {
        sides::led(&inner.spaces, &application.id, collection).is_some()
    };
    let moving: Vec<_> = all.iter().filter(moves).collect();
    let found = if moving.is_empty() { all.iter().filter(routed).collect() } else { moving };
    match found.as_slice() {
        [] if inner.targets.contains_key(collection) => {
            all.iter().min_by_key(|application| application.created_ms)
        }
        [only] => Some(*only),
        _ => None,
    }
}
