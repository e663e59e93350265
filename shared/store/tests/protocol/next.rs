//! What can happen next.

use crate::model::{Flaw, Model};
use crate::state::{Entry, Followed, Handover, Memory, Name, Role, State, Write};
use crate::step::Step;

/// Every step that changes something.
pub(crate) fn steps(model: &Model, state: &State) -> Vec<Step> {
    let mut steps = Vec::new();
    coordinators(model, state, &mut steps);
    for name in state.names() {
        own(model, state, name, &mut steps);
    }
    clients(model, state, &mut steps);
    if model.forced {
        force(model, state, &mut steps);
    }
    steps
}

fn coordinators(model: &Model, state: &State, steps: &mut Vec<Step>) {
    if state.moves.len() < usize::from(model.moves) {
        for from in state.names().filter(|from| state.store(*from).role == Role::Primary) {
            let follows = |to: &Name| state.store(*to).followed.is_some_and(|f| f.source == from);
            steps.extend(state.names().filter(follows).map(|to| Step::SetOut { from, to }));
        }
    }
    for (by, asked) in (0..).zip(&state.moves) {
        let source = state.store(asked.from);
        let gave_away = source.role != Role::Primary && !model.lacks(Flaw::EpochHandedOverTwice);
        let is_primary = !gave_away && source.epoch == asked.epoch;
        // The exclusive lock: neither writes nor a handover may run.
        let alone = source.handing_over.is_none();
        let quiet = model.lacks(Flaw::FenceDoesNotWait) || !state.is_writing(asked.from);
        let is_ready = !model.foreign || source.closed == Some((by, true));
        if is_primary && alone && quiet && is_ready && source.fenced_by().is_none() {
            steps.push(Step::Fence { by });
        }
        let is_idle = model.lacks(Flaw::AdapterDoesNotWait) || !state.is_working(asked.from);
        if source.closed == Some((by, false)) && is_idle {
            steps.push(Step::Drain { by });
        }
        let unfenced = source.closed.is_none() && source.fenced_by().is_none();
        if model.foreign && is_primary && unfenced {
            steps.push(Step::Close { by });
        }
        let fenced = source.fence.is_some_and(|fence| {
            fence.by == by && (!fence.passed || model.lacks(Flaw::PassedFenceHandsOver))
        });
        let fenced = fenced || model.lacks(Flaw::HandoverWithoutFence);
        if asked.fenced && is_primary && alone && fenced {
            steps.push(Step::CheckHandover { by });
        }
        if alone && source.fenced_by() == Some(by) {
            steps.push(Step::Release { by });
        }
        let early = model.lacks(Flaw::PromotedBeforeTheHandover) && asked.fenced;
        if early && state.store(asked.to).role == Role::Follower {
            steps.push(Step::Promote { by });
        }
    }
}

/// What a store does by itself.
fn own(model: &Model, state: &State, name: Name, steps: &mut Vec<Step>) {
    let store = state.store(name);
    if store.fenced_by().is_some() && !model.lacks(Flaw::FenceNeverPasses) {
        steps.push(Step::Pass { store: name });
    }
    // The adapter knows the fence of its database, so it need not stay closed for one that came.
    if store.closed.is_some() && !model.lacks(Flaw::AdapterNeverOpens) {
        steps.push(Step::Open { store: name });
    }
    if store.handing_over.is_some() {
        steps.push(Step::CommitHandover { store: name });
    }
    if let Some(Followed { source, start, cursor }) = store.followed {
        let next = state.store(source).feed.get(usize::from(cursor));
        // What comes after a write that runs is held back.
        let passes = model.lacks(Flaw::FeedPassesRunningWrites);
        if next.is_some_and(|entry| passes || !matches!(entry, Entry::Open(_))) {
            steps.push(Step::Apply { store: name });
        }
        // Every page that was ever asked for can still arrive; the cursor in it says that it is an old one.
        if model.lacks(Flaw::AnyCursor) {
            steps.extend((start..cursor).map(|at| Step::ApplyAgain { store: name, at }));
        }
    } else if let (Role::Follower, Some(Handover { epoch, to })) = (store.role, store.given) {
        let successor = state.store(to);
        if successor.role == Role::Primary && successor.epoch == epoch {
            steps.push(Step::FollowBack { store: name });
        }
    }
    let is_handing_over = store.handing_over.is_some();
    if store.closed.is_some()
        || is_handing_over
        || state.is_working(name)
        || state.is_writing(name)
        || state.writes.contains(&Write::Stored(name))
    {
        steps.push(Step::Crash { store: name });
    }
}

fn clients(model: &Model, state: &State, steps: &mut Vec<Step>) {
    for (write, stage) in (0..).zip(&state.writes) {
        match stage {
            Write::Checked(_) => steps.push(Step::PlaceWrite { write }),
            Write::Placed(..) => steps.push(Step::CommitWrite { write }),
            Write::Stored(_) => steps.push(Step::AnswerWrite { write }),
            Write::Begun(store) => begun(model, state, write, *store, steps),
            Write::Unsent | Write::Refused | Write::Answered | Write::Unknown => {}
        }
    }
    for (write, memory) in (0..).zip(&state.memory) {
        // A store that lags for longer than the proxy remembers answers no reads.
        let has = |name: Name| state.store(name).writes().any(|has| has == write);
        let all_have = model.lacks(Flaw::ForgetsWhileACopyLags) || state.names().all(has);
        if matches!(memory, Memory::Known(_)) && all_have {
            steps.push(Step::Forget { write });
        }
    }
    if model.foreign {
        return begin(model, state, steps);
    }
    // The writes are alike, so it is enough that they begin in their order.
    if let Some(next) = state.writes.iter().position(|write| *write == Write::Unsent) {
        let takes = |name: &Name| {
            let store = state.store(*name);
            let locked =
                store.handing_over.is_some() && !model.lacks(Flaw::HandoverLetsWritesBegin);
            store.takes_writes() && !locked
        };
        let write = next as u8;
        steps.extend(state.names().filter(takes).map(|store| Step::CheckWrite { write, store }));
    }
}

/// Writes that begin in a foreign program. The adapter sends none that the database would refuse now; past the adapter
/// one may begin at any time.
fn begin(model: &Model, state: &State, steps: &mut Vec<Step>) {
    let unsent = (0..).zip(&state.writes).filter(|(_, stage)| **stage == Write::Unsent);
    for (write, _) in unsent {
        let takes = |name: &Name| {
            let store = state.store(*name);
            let is_open = store.closed.is_none() || model.lacks(Flaw::AdapterStaysOpen);
            // The adapter itself hands over, so it knows.
            let stays =
                store.handing_over.is_none() || model.lacks(Flaw::AdapterForgetsItsHandover);
            if state.is_adapted(write) {
                is_open && stays && store.takes_writes()
            } else {
                store.role == Role::Primary
            }
        };
        steps.extend(state.names().filter(takes).map(|store| Step::BeginWrite { write, store }));
    }
}

/// The database checks a write that had begun, under the shared side of the fence's lock.
fn begun(model: &Model, state: &State, write: u8, name: Name, steps: &mut Vec<Step>) {
    let store = state.store(name);
    // A write began when the store took writes.
    let blind =
        model.lacks(Flaw::DatabaseDoesNotFence) || model.lacks(Flaw::DatabaseReadsAnOldSnapshot);
    let locked = store.handing_over.is_some() && !model.lacks(Flaw::DatabaseDoesNotFence);
    if locked {
        // It waits for the lock.
    } else if store.takes_writes() || blind {
        steps.push(Step::CheckWrite { write, store: name });
    } else {
        steps.push(Step::RefuseWrite { write });
    }
}

/// What an operator does that believes the primary to be lost, and what the primary does, if it was not.
fn force(model: &Model, state: &State, steps: &mut Vec<Step>) {
    for name in state.names() {
        let store = state.store(name);
        if let (Role::Follower, Some(Handover { epoch, .. })) = (store.role, store.given)
            && state.promotions.iter().any(|(owned, _)| *owned == epoch)
        {
            let is_told = state.told > epoch;
            if !is_told {
                steps.push(Step::Tell { store: name });
            }
            if !state.taken && (is_told || model.lacks(Flaw::ProxyIsToldLater)) {
                steps.push(Step::Take { store: name });
            }
        }
        let is_idle = !state.is_writing(name) && store.handing_over.is_none();
        if store.role == Role::Primary && state.is_superseded(store) && is_idle {
            steps.push(Step::Retire { store: name });
        }
    }
}
