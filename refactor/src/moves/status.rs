//! What is shown of a move.

use serde_json::{Value, json};

use super::Inner;
use super::peer::PeerError;
use super::preflight;
use super::record::{Record, Verb};
use super::refusal::Refusal;
use super::sides;
use super::wire::{Ownership, Role};
use super::work;

type Said = Result<Ownership, PeerError>;

/// Every move that was begun, and every one that could be: a collection with a route of its own, or a usual target.
pub(super) fn all(inner: &Inner) -> Result<Vec<Value>, Refusal> {
    inner.peers()?;
    let applications = inner.spaces.all_applications();
    let known = inner.journal.moves()?;
    let mut records = Vec::new();
    for application in &applications {
        let mut names: Vec<String> = known
            .iter()
            .filter(|record| record.application == application.id)
            .map(|record| record.collection.clone())
            .collect();
        names.extend(sides::routed(&inner.spaces, &application.id));
        // With several applications nobody knows which one is meant.
        if applications.len() == 1 {
            names.extend(inner.targets.keys().cloned());
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            // One without a DEFAULT route, say, has nothing to move.
            let Ok(sides) = sides::sides(&inner.spaces, application, &name) else { continue };
            let before = known
                .iter()
                .find(|record| record.application == application.id && record.collection == name);
            records.extend(work::record(inner, &name, &sides, before.cloned(), None).ok());
        }
    }
    // Each waits for its programs; none for the others.
    std::thread::scope(|scope| {
        let views: Vec<_> =
            records.iter().map(|record| scope.spawn(|| view(inner, record))).collect();
        let ended = views.into_iter().map(|view| {
            view.join().unwrap_or_else(|_| Err(Refusal::Internal("a thread has ended".into())))
        });
        ended.collect()
    })
}

/// One move, with what both sides say of themselves now.
///
/// # Errors
/// 409 without MOVE_TOKEN; 500 where the state cannot be read.
pub(super) fn view(inner: &Inner, record: &Record) -> Result<Value, Refusal> {
    let peers = inner.peers()?;
    let [source, target] = peers.both(&peers.at(&record.source), &peers.at(&record.target));
    let both = source.as_ref().ok().zip(target.as_ref().ok());
    let key = record.key();
    let comparison = inner.journal.comparison(&key)?;
    let verdict = inner.verdict(&key, both)?;
    let route = sides::led(&inner.spaces, &record.application, &record.collection);
    let pending = record.pending.as_ref();
    Ok(json!({
        "collection": record.collection,
        "application": record.application,
        "phase": phase(record, &source, &target),
        "pending": pending.map(|intent| json!({
            "verb": intent.direction.word(),
            "step": intent.step,
        })),
        "source": side(&record.source, &source),
        "target": side(&record.target, &target),
        "route": route.map(|route| json!({ "id": route.id, "state": route.state.as_str() })),
        "diff": verdict.view(comparison.as_ref()),
        "causes": causes(&source, &target),
        "last": record.last,
    }))
}

fn side(url: &str, said: &Said) -> Value {
    json!({
        "url": url,
        "ownership": said.as_ref().ok(),
        "error": said.as_ref().err().map(ToString::to_string),
    })
}

/// What keeps the follower behind, if anything does.
fn causes(source: &Said, target: &Said) -> Vec<String> {
    match (source, target) {
        (Ok(source), Ok(target)) if target.owns() && source.role == Role::Follower => {
            preflight::causes(target, source)
        }
        (Ok(source), Ok(target)) if target.role == Role::Follower => {
            preflight::causes(source, target)
        }
        (Ok(follower), Err(_)) | (Err(_), Ok(follower)) => {
            let following = follower.following.as_ref();
            following.and_then(|following| following.detail.clone()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Where a move is, as far as its sides say it.
fn phase(record: &Record, source: &Said, target: &Said) -> &'static str {
    let completed = record.last.as_ref().is_some_and(|last| last.verb == Verb::Complete);
    match (source, target) {
        (Ok(source), Ok(target)) if source.lineage == target.lineage => {
            match (source.role, target.role) {
                (Role::Retired, _) => "completed",
                (_, Role::Primary) if !source.owns() => "switched",
                (Role::Follower, _) if source.grant.is_some() => "granted",
                (_, Role::Follower) => copying(target),
                _ => "not followed",
            }
        }
        (_, Ok(target)) if target.role == Role::Follower => copying(target),
        (Ok(source), Err(_)) if source.role == Role::Retired => "completed",
        (Ok(source), Err(_)) if source.role == Role::Follower => "switched",
        // A store that was never given anything is in its first epoch.
        (Err(_), Ok(target)) if target.owns() && target.epoch > 1 => {
            if completed {
                "completed"
            } else {
                "switched"
            }
        }
        (Ok(_), Ok(target)) if target.rows => "apart",
        (Ok(_), Ok(_)) => "not followed",
        (_, _) => "unknown",
    }
}

fn copying(target: &Ownership) -> &'static str {
    let copied = target.followed.as_ref().is_some_and(|followed| followed.copied);
    if copied { "following" } else { "copying" }
}
