//! What must be true in every state.

use crate::model::{Flaw, Model};
use crate::next::steps;
use crate::state::{Entry, Handover, Memory, Name, Role, State, Store, Write, written};
use crate::step::Step;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// No two stores are primary at once, but for one that was given up by force, and no epoch is owned twice, not even at
    /// different times.
    OnePrimary,
    /// Every answered write is with the primary, or on its way to the next one.
    NothingIsLost,
    /// A client whose write comes through an adapter never gets the database's error: the adapter has the proxy ask again.
    NoClientSeesTheFence,
    /// No store has a write twice.
    NothingIsDoneTwice,
    /// A store that confirms to another collection that a member exists has every answered write: also the one that
    /// deleted it.
    WhatIsDeletedIsNotConfirmed,
    /// A client finds its write in every store that may answer it.
    NoWriteIsUndone,
    /// No two states of a member have the same rev, so that an `ETag` of one is not true of the other.
    OneRevOneState,
    /// Left alone, stores come to rest, and then one of them takes writes and the others have all that it has, but for one
    /// that was given up by force.
    TheBoardGoesOn,
}

/// The first promise that the state breaks.
pub(crate) fn broken(model: &Model, state: &State) -> Option<Promise> {
    [
        (Promise::OnePrimary, has_one_primary(state)),
        (Promise::NothingIsLost, has_every_answered_write(state)),
        (Promise::NoClientSeesTheFence, refuses_only_what_came_past(state)),
        (Promise::NothingIsDoneTwice, state.stores.iter().all(has_nothing_twice)),
        (Promise::WhatIsDeletedIsNotConfirmed, confirms_what_is(model, state)),
        (Promise::NoWriteIsUndone, reads_what_was_written(model, state)),
        (Promise::OneRevOneState, has_each_rev_once(state)),
        (Promise::TheBoardGoesOn, goes_on(model, state)),
    ]
    .into_iter()
    .find_map(|(promise, kept)| (!kept).then_some(promise))
}

fn primaries(state: &State) -> impl Iterator<Item = Name> {
    let owns = move |store: &Store| store.role == Role::Primary && !state.is_superseded(store);
    state.names().filter(move |name| owns(state.store(*name)))
}

fn has_one_primary(state: &State) -> bool {
    // The epochs rise by one, so none comes twice.
    let promotions = || state.promotions.iter().map(|(epoch, _)| *epoch);
    promotions().eq(1..=promotions().count() as u8) && primaries(state).count() <= 1
}

fn has_every_answered_write(state: &State) -> bool {
    let kept = future(state);
    let mut writes = (0..).zip(&state.writes);
    writes.all(|(write, stage)| *stage != Write::Answered || kept.contains(&write))
}

fn refuses_only_what_came_past(state: &State) -> bool {
    let mut writes = (0..).zip(&state.writes);
    writes.all(|(write, stage)| *stage != Write::Refused || !state.is_adapted(write))
}

/// The writes that the primary of the highest epoch has, or will have when it becomes primary.
fn future(state: &State) -> Vec<u8> {
    let givers = state.names().filter_map(|name| Some((name, state.store(name).given?)));
    let handed_over = givers.max_by_key(|(_, handover)| handover.epoch);
    let primary = primaries(state).max_by_key(|name| state.store(*name).epoch);
    match (primary, handed_over) {
        (Some(primary), None) => state.store(primary).writes().collect(),
        (Some(primary), Some((_, handover))) if state.store(primary).epoch >= handover.epoch => {
            state.store(primary).writes().collect()
        }
        (_, Some((giver, handover))) => on_its_way(state, giver, handover),
        (None, None) => Vec::new(),
    }
}

/// What the target has, and what it will apply before the handover.
fn on_its_way(state: &State, giver: Name, handover: Handover) -> Vec<u8> {
    let target = state.store(handover.to);
    let feed = &state.store(giver).feed;
    let end = feed.iter().rposition(|entry| *entry == Entry::Handover(handover)).unwrap_or(0);
    let cursor = target.followed.filter(|followed| followed.source == giver);
    let rest = cursor.and_then(|followed| feed.get(usize::from(followed.cursor)..end));
    target.writes().chain(written(rest.unwrap_or_default())).collect()
}

fn has_nothing_twice(store: &Store) -> bool {
    let mut writes: Vec<_> = store.writes().collect();
    writes.sort_unstable();
    writes.is_sorted_by(|one, next| one < next)
}

/// Also of what is lost: its `ETag` may be with a client.
fn has_each_rev_once(state: &State) -> bool {
    let mut revs: Vec<_> = state.revs.iter().filter(|rev| **rev > 0).collect();
    revs.sort_unstable();
    revs.is_sorted_by(|one, next| one < next)
}

fn confirms_what_is(model: &Model, state: &State) -> bool {
    let confirms = |store: &&Store| {
        let owns = store.role == Role::Primary && !state.is_superseded(store);
        owns || model.lacks(Flaw::FollowerConfirms)
    };
    let answered = |write: &u8| state.writes[usize::from(*write)] == Write::Answered;
    let answered: Vec<_> = (0..state.writes.len() as u8).filter(answered).collect();
    state
        .stores
        .iter()
        .filter(confirms)
        .all(|store| answered.iter().all(|write| store.writes().any(|has| has == *write)))
}

fn reads_what_was_written(model: &Model, state: &State) -> bool {
    let mut memories = (0..).zip(&state.memory);
    memories.all(|(write, memory)| {
        let may_answer = |store: &&Store| match memory {
            Memory::Nothing => false,
            Memory::Forgotten => true,
            Memory::Known(position) if model.lacks(Flaw::PlacesWithoutEpochs) => {
                store.position().1 >= position.1
            }
            Memory::Known(position) => store.position() >= *position,
        };
        state.stores.iter().filter(may_answer).all(|store| store.writes().any(|has| has == write))
    })
}

fn goes_on(model: &Model, state: &State) -> bool {
    if steps(model, state).into_iter().any(Step::comes_by_itself) {
        return true;
    }
    let sorted = |store: &Store| {
        let mut writes: Vec<_> = store.writes().collect();
        writes.sort_unstable();
        writes
    };
    let serves =
        |name: &Name| state.store(*name).takes_writes() && state.store(*name).closed.is_none();
    let mut serving = primaries(state).filter(serves);
    let Some(primary) = serving.next() else { return false };
    let all = sorted(state.store(primary));
    serving.next().is_none() && {
        let mut in_use = state.stores.iter().filter(|store| store.role != Role::Retired);
        in_use.all(|store| sorted(store) == all)
    }
}

/// Rises with every step that a store takes by itself. There are finitely many states, so those steps come to an end.
pub(crate) fn progress(state: &State) -> usize {
    let store = |store: &Store| {
        let is_free = usize::from(store.fenced_by().is_none());
        let cursor = store.followed.map_or(0, |followed| followed.cursor);
        let is_open = match store.closed {
            Some((_, drained)) => usize::from(drained),
            None => 2,
        };
        let is_retired = usize::from(store.role == Role::Retired);
        100 * usize::from(store.epoch)
            + store.feed.len()
            + usize::from(cursor)
            + is_free
            + is_open
            + is_retired
    };
    let write = |write: &Write| match write {
        Write::Unsent => 0,
        Write::Begun(_) => 1,
        Write::Checked(_) => 2,
        Write::Placed(..) => 3,
        Write::Stored(_) => 4,
        Write::Answered | Write::Refused | Write::Unknown => 5,
    };
    // With a new epoch or primary a cursor may go back.
    let stores: usize = state.stores.iter().map(store).sum();
    let writes: usize = state.writes.iter().map(write).sum();
    100 * state.promotions.len() + stores + writes
}
