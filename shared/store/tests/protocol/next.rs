//! What can happen next.

use crate::model::{Flaw, Model};
use crate::state::{Entry, Followed, Grant, Memory, Name, Role, State, Write};
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
        let gave_away = source.role != Role::Primary && !model.lacks(Flaw::EpochGrantedTwice);
        let is_owner = !gave_away && source.epoch == asked.epoch;
        // The exclusive lock: neither writes nor a grant may run.
        let alone = source.granting.is_none();
        let quiet = model.lacks(Flaw::HoldDoesNotWait) || !state.is_writing(asked.from);
        if is_owner && alone && quiet && source.held_by().is_none() {
            steps.push(Step::Hold { by });
        }
        let held = source.hold.is_some_and(|hold| {
            hold.by == by && (!hold.passed || model.lacks(Flaw::PassedHoldGrants))
        });
        let held = held || model.lacks(Flaw::GrantWithoutHold);
        if asked.held && is_owner && alone && held {
            steps.push(Step::CheckGrant { by });
        }
        if alone && source.held_by() == Some(by) {
            steps.push(Step::Release { by });
        }
        let early = model.lacks(Flaw::PromotedBeforeTheGrant) && asked.held;
        if early && state.store(asked.to).role == Role::Follower {
            steps.push(Step::Promote { by });
        }
    }
}

/// What a store does by itself.
fn own(model: &Model, state: &State, name: Name, steps: &mut Vec<Step>) {
    let store = state.store(name);
    if store.held_by().is_some() && !model.lacks(Flaw::HoldNeverPasses) {
        steps.push(Step::Pass { store: name });
    }
    if store.granting.is_some() {
        steps.push(Step::CommitGrant { store: name });
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
    } else if let (Role::Follower, Some(Grant { epoch, to })) = (store.role, store.given) {
        let successor = state.store(to);
        if successor.role == Role::Primary && successor.epoch == epoch {
            steps.push(Step::FollowBack { store: name });
        }
    }
    let is_granting = store.granting.is_some();
    if is_granting || state.is_writing(name) || state.writes.contains(&Write::Stored(name)) {
        steps.push(Step::Crash { store: name });
    }
}

fn clients(model: &Model, state: &State, steps: &mut Vec<Step>) {
    for (write, stage) in (0..).zip(&state.writes) {
        match stage {
            Write::Checked(_) => steps.push(Step::PlaceWrite { write }),
            Write::Placed(..) => steps.push(Step::CommitWrite { write }),
            Write::Stored(_) => steps.push(Step::AnswerWrite { write }),
            Write::Unsent | Write::Answered | Write::Unknown => {}
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
    // The writes are alike, so it is enough that they begin in their order.
    if let Some(next) = state.writes.iter().position(|write| *write == Write::Unsent) {
        let takes = |name: &Name| {
            let store = state.store(*name);
            let locked = store.granting.is_some() && !model.lacks(Flaw::GrantLetsWritesBegin);
            store.takes_writes() && !locked
        };
        let write = next as u8;
        steps.extend(state.names().filter(takes).map(|store| Step::CheckWrite { write, store }));
    }
}

/// What a person does who believes that the owner is lost, and what that one does who was not.
fn force(model: &Model, state: &State, steps: &mut Vec<Step>) {
    for name in state.names() {
        let store = state.store(name);
        if let (Role::Follower, Some(Grant { epoch, .. })) = (store.role, store.given)
            && state.owners.iter().any(|(owned, _)| *owned == epoch)
        {
            let is_told = state.told > epoch;
            if !is_told {
                steps.push(Step::Tell { store: name });
            }
            if !state.taken && (is_told || model.lacks(Flaw::ProxyIsToldLater)) {
                steps.push(Step::Take { store: name });
            }
        }
        let is_idle = !state.is_writing(name) && store.granting.is_none();
        if store.role == Role::Primary && state.is_superseded(store) && is_idle {
            steps.push(Step::Retire { store: name });
        }
    }
}
