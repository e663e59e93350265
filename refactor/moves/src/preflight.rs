//! What must hold before ownership changes; looked at without changing anything.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::diff::Verdict;
use super::pair::Pair;
use super::record::Direction;
use super::refusal::Refusal;
use super::switch::hand_over;
use super::work::Work;
use replication::{FollowerState, Position, SideStatus};

/// The shortest wait for a follower, however small the allowed lag.
const LEAST_WAIT: Duration = Duration::from_millis(200);
/// The longest, however large the allowed lag: the writes would wait too.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) ok: bool,
    /// The finding; if it is bad, also what helps.
    pub(super) detail: String,
}

impl Check {
    /// What was found and asks for nothing.
    pub(super) fn found(what: &'static str, detail: String) -> Self {
        Self::new(what, Ok(detail))
    }

    fn new(what: &'static str, found: Result<String, String>) -> Self {
        let ok = found.is_ok();
        Self { what, ok, detail: found.unwrap_or_else(|wrong| wrong) }
    }
}

/// Everything that a change of ownership asks for, in the order in which it is shown.
pub(super) fn checks(
    work: &Work<'_>,
    direction: Direction,
    pair: &Pair,
    (from, to): (&SideStatus, &SideStatus),
    most_lag_ms: u64,
    force: bool,
) -> Result<Vec<Check>, Refusal> {
    let primary = Ok(format!(
        "{} is the primary of {} in epoch {}",
        pair.from_name, work.record.collection, from.epoch
    ));
    let mut checks = vec![
        Check::new("primary", primary),
        Check::new("copy", copy(work, pair, from, to)),
        Check::new("lag", lag(work, from, to, most_lag_ms)),
    ];
    // What is known to be behind need not be waited for.
    if checks.iter().all(|check| check.ok) {
        checks.push(Check::new("feed", feed(pair, from, most_lag_ms)));
    }
    checks.push(Check::new("way back", way_back(work, pair)));
    // The way back is for an emergency: its copy is the feed of the primary from the first row on. What is known to differ
    // counts all the same.
    if direction == Direction::Switch {
        let verdict = work.verdict(Some((from, to)))?;
        checks.push(Check::new("diff", verified(work, &verdict, force)));
    } else if let verdict @ Verdict::Differs { .. } = work.verdict(Some((to, from)))? {
        let found = format!("the copy at {} {}", pair.to_name, verdict.shown());
        checks
            .push(Check::new("diff", if force { Ok(found) } else { Err(not_back(work, &found)) }));
    }
    Ok(checks)
}

/// What is wrong, in one message.
pub(super) fn refused(work: &Work<'_>, direction: Direction, checks: &[Check]) -> Option<Refusal> {
    let wrong: Vec<_> =
        checks.iter().filter(|check| !check.ok).map(|check| check.detail.as_str()).collect();
    (!wrong.is_empty()).then(|| {
        let (verb, collection) = (direction.word(), &work.record.collection);
        Refusal::conflict(format!("{verb} {collection}: {}; nothing was changed", wrong.join("; ")))
    })
}

fn copy(
    work: &Work<'_>,
    pair: &Pair,
    from: &SideStatus,
    to: &SideStatus,
) -> Result<String, String> {
    let collection = &work.record.collection;
    if !to.follows(&from.store) || to.lineage != from.lineage {
        return Err(format!(
            "{} does not follow {}: `banyan follow {collection}` lets it",
            pair.to_name, pair.from_name
        ));
    }
    if !to.followed.as_ref().is_some_and(|followed| followed.copied) {
        let rows = to.following.as_ref().map_or(0, |following| following.rows);
        return Err(format!(
            "{} has not copied everything yet ({rows} rows so far): `banyan follow {collection}` shows how \
             it goes on",
            pair.to_name
        ));
    }
    Ok(format!("{} follows it", pair.to_name))
}

fn lag(
    work: &Work<'_>,
    from: &SideStatus,
    to: &SideStatus,
    most_ms: u64,
) -> Result<String, String> {
    let collection = &work.record.collection;
    let following = to.following.as_ref();
    let causes = causes(from, to);
    let because =
        if causes.is_empty() { String::new() } else { format!(" ({})", causes.join("; ")) };
    let well = following.is_some_and(|following| following.state == FollowerState::Following);
    match following.and_then(|following| following.lag_ms).filter(|_| well) {
        Some(ms) if ms <= most_ms => Ok(format!("{ms} ms behind, of at most {most_ms}")),
        Some(ms) => Err(format!(
            "the follower is {ms} ms behind, and at most {most_ms} are allowed{because}: wait, or say more \
             with --max-lag-ms"
        )),
        None => Err(format!(
            "how far the follower is behind is not known{because}: `banyan follow {collection}` waits until \
             it is"
        )),
    }
}

/// Whether the follower gets what the primary has now. The lag is that of a moment ago, and a transaction may have begun
/// since behind which the feed does not go on: a switch would fence the writes, and wait for it in vain.
fn feed(pair: &Pair, from: &SideStatus, most_ms: u64) -> Result<String, String> {
    let wanted = Position { epoch: from.epoch, at: from.position };
    let end = Instant::now() + Duration::from_millis(most_ms).clamp(LEAST_WAIT, LONGEST_WAIT);
    let Err(why) = hand_over::catch_up(pair, wanted, end) else {
        return Ok(format!("{} gets what is written at once", pair.to_name));
    };
    let blocked = pair.from.ownership().ok().and_then(|from| from.blocked_by);
    Err(match blocked {
        Some(blocked) => format!("{why}: {blocked}"),
        None => format!(
            "{why}: a transaction that runs in the server of {} may hold the feed back, or the follower is slow; \
             try again, `banyan status` names it once it takes longer",
            pair.from_name
        ),
    })
}

/// What keeps a follower behind.
pub(super) fn causes(from: &SideStatus, to: &SideStatus) -> Vec<String> {
    let mut causes = Vec::new();
    if let Some(following) = &to.following {
        causes.extend(following.detail.clone());
        if following.throttled {
            causes.push("it is throttled, to spare its source".into());
        }
    }
    causes.extend(from.blocked_by.as_ref().map(ToString::to_string));
    causes
}

fn way_back(work: &Work<'_>, pair: &Pair) -> Result<String, String> {
    match pair.from.probe(&pair.to.url) {
        Ok(()) => Ok(format!("{} can read the feed of the other side", pair.from_name)),
        Err(error) => Err(format!(
            "there would be no way back: {} cannot follow {} ({error}); look at the address and the \
             MOVE_TOKEN of both, then `banyan switch {}` again",
            pair.from_name, pair.to_name, work.record.collection
        )),
    }
}

fn not_back(work: &Work<'_>, found: &str) -> String {
    let collection = &work.record.collection;
    format!(
        "{found}, which would be what clients read: `banyan diff {collection}` names the rows; write them anew, or go on \
         with --force"
    )
}

fn verified(work: &Work<'_>, verdict: &Verdict, force: bool) -> Result<String, String> {
    let collection = &work.record.collection;
    let shown = verdict.shown();
    match verdict {
        Verdict::Verified { .. } => Ok(format!("the copy is {shown}")),
        Verdict::Differs { .. } if force => {
            Ok(format!("the copy {shown}, and --force goes on all the same"))
        }
        _ if force => Ok(format!("the copy is {shown}, and --force goes on all the same")),
        Verdict::Differs { .. } => Err(format!(
            "the copy {shown}: `banyan diff {collection}` names the rows; `banyan cancel {collection}` and \
             `banyan follow {collection}` copy anew; --force goes on all the same"
        )),
        _ => Err(format!(
            "the copy is {shown}: `banyan diff {collection}` compares it; --force goes on without"
        )),
    }
}
