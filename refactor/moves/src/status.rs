//! What is shown of a move.

use serde_json::{Value, json};

use super::application;
use super::code::{Code, Finding};
use super::coordinator_state::CoordinatorState;
use super::pair;
use super::record::{MoveRecord, PrimarySide};
use super::refusal::CommandRefusal;
use super::remote_store::NotDone;
use super::shown::ShownMove;
use super::sides::{self, RouteDestination};
use super::switch::preflight;
use super::work;
use replication::{Role, SideStatus};
use spaces::resource::now_ms;

type Said = Result<SideStatus, NotDone>;

/// Every move that was begun, and every collection with a usual target. Other services that have a route may not be
/// trusted, so they must not see the token.
pub(super) fn all(inner: &CoordinatorState) -> Result<Vec<ShownMove>, CommandRefusal> {
    inner.peers()?;
    let applications = inner.spaces.all_applications();
    let known = inner.journal.moves()?;
    let mut records = Vec::new();
    for application in &applications {
        let layout = inner.spaces.layout(&application.id);
        let mut names: Vec<String> = known
            .iter()
            .filter(|record| record.application == application.id)
            .map(|record| record.collection.clone())
            .collect();
        names.extend(
            inner
                .targets
                .keys()
                .filter(|name| {
                    let found = application::inferred(inner, &applications, &known, name);
                    found.is_some_and(|found| found.id == application.id)
                })
                .cloned(),
        );
        names.sort_unstable();
        names.dedup();
        for name in names {
            // One without a DEFAULT route, say, has nothing to move.
            let Ok(mut sides) = sides::within(&layout, application, &name) else { continue };
            let before = known
                .iter()
                .find(|record| record.application == application.id && record.collection == name);
            let route = sides.route.clone();
            // A command asks any service that the route leads to. This asks only services that a command or a
            // variable named.
            sides.route = sides.route.filter(|led| is_named(inner, &name, before, &led.url));
            let record = work::record(inner, &name, &sides, before.cloned(), None).ok();
            records.extend(record.map(|record| (record, route)));
        }
    }
    // Each waits for its programs; none for the others.
    std::thread::scope(|scope| {
        let views: Vec<_> = records
            .iter()
            .map(|(record, route)| scope.spawn(|| view(inner, record, route.as_ref())))
            .collect();
        let ended = views.into_iter().map(|view| {
            view.join().unwrap_or_else(|_| Err(CommandRefusal::broken("a thread has ended".into())))
        });
        ended.collect()
    })
}

/// Whether a URL is where the last command or MOVE_TARGETS lets a collection go.
fn is_named(
    inner: &CoordinatorState,
    collection: &str,
    before: Option<&MoveRecord>,
    url: &str,
) -> bool {
    let usual = inner.targets.get(collection);
    let usual = usual.and_then(|base| sides::at_program(base.as_str(), collection).ok());
    usual.as_deref() == Some(url) || before.is_some_and(|record| record.target == url)
}

/// One move with its route, and with what both sides say of themselves now.
///
/// # Errors
/// 409 without MOVE_TOKEN; 500 if the state cannot be read.
pub(super) fn view(
    inner: &CoordinatorState,
    record: &MoveRecord,
    route: Option<&RouteDestination>,
) -> Result<ShownMove, CommandRefusal> {
    let peers = inner.peers()?;
    let [source, target] = peers.both(&peers.at(&record.source), &peers.at(&record.target));
    let both = source.as_ref().ok().zip(target.as_ref().ok());
    let key = record.key();
    let comparison = inner.journal.comparison(&key)?;
    let verdict = inner.verdict(&key, both)?;
    let pending = record.pending.as_ref();
    let document = json!({
        "collection": record.collection,
        "application": record.application,
        "phase": phase(record, &source, &target),
        "pending": pending.map(|intent| json!({
            "verb": intent.direction.word(),
            "step": intent.step,
            "ageMs": now_ms() - intent.began_ms,
        })),
        "source": side(&record.source, &source),
        "target": side(&record.target, &target),
        "route": route.map(|route| json!({ "id": route.id, "state": route.state.as_str() })),
        "diff": verdict.view(comparison.as_ref(), now_ms()),
        "last": record.last,
    });
    let causes = causes(record, route, &source, &target);
    Ok(ShownMove { collection: record.collection.clone(), document, causes, checks: None })
}

fn side(url: &str, said: &Said) -> Value {
    json!({
        "url": url,
        "ownership": said.as_ref().ok(),
        "error": said.as_ref().err().map(ToString::to_string),
    })
}

/// What keeps the follower behind, if anything does.
fn causes(
    record: &MoveRecord,
    route: Option<&RouteDestination>,
    source: &Said,
    target: &Said,
) -> Vec<Finding> {
    let MoveRecord { collection, source: source_url, target: target_url, primary, .. } = record;
    for (side, said) in [(source_url, source), (target_url, target)] {
        if said.as_ref().is_ok_and(|side| side.superseded) {
            return vec![pair::gave_way(side, collection)];
        }
    }
    match (source, target) {
        (Err(_), Ok(target))
            if target.is_primary() && target.epoch > 1 && *primary == PrimarySide::Source =>
        {
            let text = format!(
                "{source_url} was the primary last, and does not answer; {target_url} says that it is the primary of \
                 {collection}: start the former"
            );
            vec![text.into()]
        }
        (Ok(source), Ok(target)) if handed_over(source) && !target.is_primary() => {
            let text = format!(
                "ownership is handed over to {target_url}, which has not taken it: no store takes writes until it does; \
                 start it, and it does by itself"
            );
            vec![text.into()]
        }
        (Ok(source), Ok(target))
            if target.is_primary() && !source.is_primary() && route.is_none() =>
        {
            vec![Finding::new(Code::NoRoute, format!("no route leads to {target_url}"))]
        }
        (Ok(source), Ok(target)) if source.is_primary() && target.is_primary() => {
            pair::two_primaries(source, target).into_iter().map(Finding::from).collect()
        }
        (Ok(source), Ok(target)) if target.is_primary() && source.role == Role::Follower => {
            preflight::causes(target, source)
        }
        (Ok(source), Ok(target)) if target.role == Role::Follower => {
            preflight::causes(source, target)
        }
        (Ok(follower), Err(_)) | (Err(_), Ok(follower)) => {
            follower.following.iter().filter_map(preflight::of_following).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a source has handed the collection over, and does not follow the target yet.
fn handed_over(source: &SideStatus) -> bool {
    source.role == Role::Follower && source.followed.is_none()
}

/// The phase of a move, as far as its sides tell it.
fn phase(record: &MoveRecord, source: &Said, target: &Said) -> &'static str {
    match (source, target) {
        (Ok(source), Ok(target)) if source.lineage == target.lineage => {
            match (source.role, target.role) {
                _ if source.superseded || target.superseded => "superseded",
                (Role::Retired, _) => "completed",
                (_, Role::Primary) if !source.is_primary() => "switched",
                (Role::Follower, _) if source.handover.is_some() => "handed-over",
                (_, Role::Follower) => copying(target),
                _ => "not followed",
            }
        }
        (_, Ok(target)) if target.role == Role::Follower => copying(target),
        (Ok(side), Err(_)) | (Err(_), Ok(side)) if side.superseded => "superseded",
        (Ok(source), Err(_)) if source.role == Role::Retired => "completed",
        (Ok(source), Err(_)) if source.role == Role::Follower => "switched",
        // A store that was never given anything is in its first epoch.
        (Err(_), Ok(target)) if target.is_primary() && target.epoch > 1 => match record.primary {
            PrimarySide::TargetForGood => "completed",
            PrimarySide::Target => "switched",
            // It was taken back, and that one may not know it yet.
            PrimarySide::Source => "unknown",
        },
        (Ok(_), Ok(target)) if target.rows => "apart",
        (Ok(_), Ok(_)) => "not followed",
        (_, _) => "unknown",
    }
}

fn copying(target: &SideStatus) -> &'static str {
    let copied = target.followed.as_ref().is_some_and(|followed| followed.copied);
    if copied { "following" } else { "copying" }
}
