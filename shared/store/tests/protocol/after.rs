//! What is then.

use crate::model::{Flaw, Model};
use crate::state::{
    Entry, Fence, Followed, Handover, Memory, Move, Name, Place, Role, State, Write,
};
use crate::step::Step;

/// The state after a step.
pub(crate) fn after(model: &Model, state: &State, step: Step) -> State {
    let mut next = state.clone();
    match step {
        Step::SetOut { from, to } => {
            next.moves.push(Move { from, to, epoch: state.store(from).epoch, fenced: false })
        }
        Step::Close { by } => {
            next.store_mut(state.moves[usize::from(by)].from).closed = Some((by, false));
        }
        Step::Drain { by } => {
            next.store_mut(state.moves[usize::from(by)].from).closed = Some((by, true));
        }
        Step::Open { store } => next.store_mut(store).closed = None,
        Step::BeginWrite { write, store } => {
            next.writes[usize::from(write)] = Write::Begun(store);
        }
        Step::RefuseWrite { write } => next.writes[usize::from(write)] = Write::Refused,
        Step::Fence { by } => {
            let asked = &mut next.moves[usize::from(by)];
            asked.fenced = true;
            let from = asked.from;
            next.store_mut(from).fence = Some(Fence { by, passed: false });
        }

        Step::CheckHandover { by } => {
            next.store_mut(state.moves[usize::from(by)].from).handing_over = Some(by);
        }
        Step::CommitHandover { store } => commit_handover(&mut next, store),

        Step::Release { by } => next.store_mut(state.moves[usize::from(by)].from).fence = None,
        Step::Pass { store } => {
            if let Some(fence) = &mut next.store_mut(store).fence {
                fence.passed = true;
            }
        }
        Step::Apply { store } => {
            if let Some(followed) = state.store(store).followed {
                apply(&mut next, store, followed, followed.cursor);
            }
        }
        Step::ApplyAgain { store, at } => {
            if let Some(followed) = state.store(store).followed {
                apply(&mut next, store, followed, at);
            }
        }
        Step::FollowBack { store } => follow_back(model, &mut next, store),
        Step::CheckWrite { write, store } => {
            next.writes[usize::from(write)] = Write::Checked(store);
        }
        Step::PlaceWrite { write } => {
            if let Write::Checked(store) = state.writes[usize::from(write)] {
                next.writes[usize::from(write)] = Write::Placed(store, state.store(store).end());
                next.store_mut(store).feed.push(Entry::Open(write));
            }
        }
        Step::CommitWrite { write } => {
            if let Write::Placed(store, at) = state.writes[usize::from(write)] {
                if model.forced {
                    next.revs[usize::from(write)] = state.last_rev(store) + 1;
                }
                next.store_mut(store).feed[usize::from(at)] = Entry::Write(write);
                next.writes[usize::from(write)] = Write::Stored(store);
            }
        }
        Step::AnswerWrite { write } => answer(model, &mut next, write),
        Step::Forget { write } => next.memory[usize::from(write)] = Memory::Forgotten,
        Step::Tell { store } => {
            next.told = state.store(store).given.map_or(0, |handover| handover.epoch + 1);
        }
        Step::Take { store } => take(model, &mut next, store),
        Step::Retire { store } => {
            let store = next.store_mut(store);
            (store.role, store.fence) = (Role::Retired, None);
        }
        Step::Crash { store } => crash(model, &mut next, store),
        Step::Promote { by } => {
            let Move { to, epoch, .. } = state.moves[usize::from(by)];
            promote(&mut next, to, epoch + 1);
        }
    }
    next
}

/// What a store answers in an epoch that is over is handed on as what it is: of unknown outcome.
fn answer(model: &Model, state: &mut State, write: u8) {
    let Write::Stored(name) = state.writes[usize::from(write)] else { return };
    let store = state.store(name);
    let is_over = store.epoch < state.told && !model.lacks(Flaw::OldEpochsCount);
    let known = Memory::Known(store.position());
    state.writes[usize::from(write)] = if is_over { Write::Unknown } else { Write::Answered };
    if model.reads && !is_over {
        state.memory[usize::from(write)] = known;
    }
}

/// What the store does not have is lost: the operator is told so. What is answered from then on is not lost. Its
/// revs leave room for all that the lost store may have given, and may still give while it believes that it is
/// primary.
fn take(model: &Model, state: &mut State, name: Name) {
    let Some(Handover { epoch, .. }) = state.store(name).given else { return };
    promote(state, name, epoch + 1);
    if !model.lacks(Flaw::RevsWithoutRoom) {
        state.store_mut(name).revs_above = state.last_rev(name) + model.writes;
    }
    state.taken = true;
    let kept: Vec<_> = state.store(name).writes().collect();
    for (write, stage) in (0..).zip(&mut state.writes) {
        if *stage == Write::Answered && !kept.contains(&write) {
            *stage = Write::Unknown;
        }
    }
}

/// The handover is the last entry of the store's time as primary, and the store follows no other yet.
fn commit_handover(state: &mut State, name: Name) {
    let Some(by) = state.store_mut(name).handing_over.take() else { return };
    let Move { to, epoch, .. } = state.moves[usize::from(by)];
    let handover = Handover { epoch: epoch + 1, to };
    let store = state.store_mut(name);
    store.feed.push(Entry::Handover(handover));
    store.role = Role::Follower;
    store.given = Some(handover);
    store.fence = None;
}

fn apply(state: &mut State, name: Name, followed: Followed, at: Place) {
    let entry = state.store(followed.source).feed[usize::from(at)];
    let store = state.store_mut(name);
    store.followed = Some(Followed { cursor: at + 1, ..followed });
    match entry {
        Entry::Write(_) => store.feed.push(entry),
        Entry::Open(_) | Entry::Nothing => {}
        Entry::Handover(handover) if handover.to == name => promote(state, name, handover.epoch),
        // Its source follows the new primary, and so does it.
        Entry::Handover(handover) => store.epoch = handover.epoch,
    }
}

fn promote(state: &mut State, name: Name, epoch: u8) {
    let store = state.store_mut(name);
    store.role = Role::Primary;
    store.epoch = epoch;
    store.since = store.end();
    store.fence = None;
    store.followed = None;
    state.promotions.push((epoch, name));
}

fn follow_back(model: &Model, state: &mut State, name: Name) {
    let Some(Handover { epoch, to }) = state.store(name).given else { return };
    let since = state.store(to).since;
    let start = if model.lacks(Flaw::FollowsBackFromTheStart) { 0 } else { since };
    let store = state.store_mut(name);
    store.epoch = epoch;
    store.followed = Some(Followed { source: to, start, cursor: start });
}

fn crash(model: &Model, state: &mut State, name: Name) {
    let store = state.store_mut(name);
    (store.handing_over, store.closed) = (None, None);
    let again = model.lacks(Flaw::LostAnswerIsSentAgain);
    for write in 0..state.writes.len() {
        match state.writes[write] {
            Write::Placed(store, at) if store == name => {
                state.store_mut(name).feed[usize::from(at)] = Entry::Nothing;
            }
            Write::Begun(store) | Write::Checked(store) | Write::Stored(store) if store == name => {
            }
            _ => continue,
        }
        state.writes[write] = if again { Write::Unsent } else { Write::Unknown };
    }
}
