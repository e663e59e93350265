//! What must hold before ownership changes; looked at without changing anything.

use std::time::{Duration, Instant};

use super::hand_over;
use crate::code::{Code, Finding};
use crate::diff_run::DiffVerdict;
use crate::pair::Pair;
use crate::record::Direction;
use crate::refusal::CommandRefusal;
use crate::work::CommandWork;
use replication::{FollowerState, Following, Position, SideStatus};

/// The shortest wait for a follower, however small the allowed lag.
const LEAST_WAIT: Duration = Duration::from_millis(200);
/// The longest, however large the allowed lag: the writes would wait too.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) what: &'static str,
    /// What was found, or what is wrong.
    pub(crate) found: Result<String, Finding>,
}

impl Check {
    /// What was found and asks for nothing.
    pub(crate) fn found(what: &'static str, detail: String) -> Self {
        Self { what, found: Ok(detail) }
    }

    fn new(what: &'static str, found: Result<String, Finding>) -> Self {
        Self { what, found }
    }
}

/// Everything that a change of ownership asks for, in the order in which it is shown.
pub(crate) fn checks(
    work: &CommandWork<'_>,
    direction: Direction,
    pair: &Pair,
    (from, to): (&SideStatus, &SideStatus),
    most_lag_ms: u64,
    force: bool,
) -> Result<Vec<Check>, CommandRefusal> {
    let primary = Ok(format!(
        "{} is the primary of {} in epoch {}",
        pair.from_name, work.record.collection, from.epoch
    ));
    let mut checks = vec![
        Check::new("primary", primary),
        Check::new("copy", copy(pair, from, to)),
        Check::new("lag", lag(from, to, most_lag_ms)),
    ];
    // What is known to be behind need not be waited for.
    if checks.iter().all(|check| check.found.is_ok()) {
        checks.push(Check::new("feed", feed(pair, from, most_lag_ms)));
    }
    checks.push(Check::new("way back", way_back(pair)));
    // The way back is for an emergency: its copy is the feed of the primary from the first row on. What is known to differ
    // counts all the same.
    if direction == Direction::Switch {
        let verdict = work.verdict(Some((from, to)))?;
        checks.push(Check::new("diff", verified(&verdict, force)));
    } else if let verdict @ DiffVerdict::Differs { .. } = work.verdict(Some((to, from)))? {
        let found = format!("the copy at {} {}", pair.to_name, verdict.shown());
        let found = if force { Ok(found) } else { Err(not_back(&found)) };
        checks.push(Check::new("diff", found));
    }
    Ok(checks)
}

/// What is wrong, in one message.
pub(crate) fn refused(
    work: &CommandWork<'_>,
    direction: Direction,
    checks: &[Check],
) -> Option<CommandRefusal> {
    let wrong: Vec<_> = checks.iter().filter_map(|check| check.found.as_ref().err()).collect();
    (!wrong.is_empty()).then(|| {
        let (verb, collection) = (direction.word(), &work.record.collection);
        let texts: Vec<_> = wrong.iter().map(|finding| finding.text.as_str()).collect();
        let codes = wrong.iter().filter_map(|finding| finding.code).collect();
        let text = format!("{verb} {collection}: {}; nothing was changed", texts.join("; "));
        CommandRefusal::several(text, codes)
    })
}

fn copy(pair: &Pair, from: &SideStatus, to: &SideStatus) -> Result<String, Finding> {
    if !to.follows(&from.store) || to.lineage != from.lineage {
        return Err(Finding::new(
            Code::NotFollowed,
            format!("{} does not follow {}", pair.to_name, pair.from_name),
        ));
    }
    if !to.followed.as_ref().is_some_and(|followed| followed.copied) {
        let rows = to.following.as_ref().map_or(0, |following| following.rows);
        return Err(Finding::new(
            Code::Copying,
            format!("{} has not copied everything yet ({rows} rows so far)", pair.to_name),
        ));
    }
    Ok(format!("{} follows it", pair.to_name))
}

fn lag(from: &SideStatus, to: &SideStatus, most_ms: u64) -> Result<String, Finding> {
    let following = to.following.as_ref();
    let causes: Vec<_> = causes(from, to).into_iter().map(|cause| cause.text).collect();
    let because =
        if causes.is_empty() { String::new() } else { format!(" ({})", causes.join("; ")) };
    let well = following.is_some_and(|following| following.state == FollowerState::Following);
    match following.and_then(|following| following.lag_ms).filter(|_| well) {
        Some(ms) if ms <= most_ms => Ok(format!("{ms} ms behind, of at most {most_ms}")),
        Some(ms) => Err(Finding::new(
            Code::Lags,
            format!("the follower is {ms} ms behind, and at most {most_ms} are allowed{because}"),
        )),
        None => Err(Finding::new(
            Code::LagUnknown,
            format!("how far the follower is behind is not known{because}"),
        )),
    }
}

/// Whether the follower gets what the primary has now. The lag is that of a moment ago, and a transaction may have begun
/// since behind which the feed does not go on: a switch would fence the writes, and wait for it in vain.
fn feed(pair: &Pair, from: &SideStatus, most_ms: u64) -> Result<String, Finding> {
    let wanted = Position { epoch: from.epoch, at: from.position };
    let end = Instant::now() + Duration::from_millis(most_ms).clamp(LEAST_WAIT, LONGEST_WAIT);
    let Err(why) = hand_over::catch_up(pair, wanted, end) else {
        return Ok(format!("{} gets what is written at once", pair.to_name));
    };
    let blocked = pair.from.ownership().ok().and_then(|from| from.blocked_by);
    Err(match blocked {
        Some(blocked) => format!("{why}: {blocked}").into(),
        None => Finding::new(
            Code::FeedSlow,
            format!(
                "{why}: a transaction that runs in the server of {} may hold the feed back, or the follower is slow",
                pair.from_name
            ),
        ),
    })
}

/// What a follower says of itself, if something is wrong.
pub(crate) fn of_following(following: &Following) -> Option<Finding> {
    let text = following.detail.clone()?;
    Some(Finding { text, code: following.code.map(Code::Program) })
}

/// What keeps a follower behind.
pub(crate) fn causes(from: &SideStatus, to: &SideStatus) -> Vec<Finding> {
    let mut causes = Vec::new();
    if let Some(following) = &to.following {
        causes.extend(of_following(following));
        if following.throttled {
            causes.push("it is throttled, to spare its source".to_owned().into());
        }
    }
    causes.extend(from.blocked_by.as_ref().map(|blocked| blocked.to_string().into()));
    causes
}

fn way_back(pair: &Pair) -> Result<String, Finding> {
    match pair.from.probe(&pair.to.url) {
        Ok(()) => Ok(format!("{} can read the feed of the other side", pair.from_name)),
        Err(error) => Err(Finding::new(
            Code::NoWayBack,
            format!(
                "there would be no way back: {} cannot follow {} ({error})",
                pair.from_name, pair.to_name
            ),
        )),
    }
}

fn not_back(found: &str) -> Finding {
    Finding::new(Code::SourceDiffers, format!("{found}, which would be what clients read"))
}

fn verified(verdict: &DiffVerdict, force: bool) -> Result<String, Finding> {
    let shown = verdict.shown();
    match verdict {
        DiffVerdict::Verified { .. } => Ok(format!("the copy is {shown}")),
        DiffVerdict::Differs { .. } if force => {
            Ok(format!("the copy {shown}, and this goes on by force all the same"))
        }
        _ if force => Ok(format!("the copy is {shown}, and this goes on by force all the same")),
        DiffVerdict::Differs { .. } => {
            Err(Finding::new(Code::Differs, format!("the copy {shown}")))
        }
        _ => Err(Finding::new(Code::NotCompared, format!("the copy is {shown}"))),
    }
}
