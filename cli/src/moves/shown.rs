//! How moves are shown.

use std::fmt::Write;

use refactor::{Diff, Move, Side};
use replication::FollowerState;

use crate::say::say;

/// How the last command ended, on a line or two.
pub(super) fn outcome(done: &Move) {
    let Some(last) = &done.last else { return };
    say(format_args!("{}: {}", done.collection, last.outcome));
    if let Some(ms) = last.pause_ms {
        say(format_args!("{}: writes waited {ms} ms", done.collection));
    }
}

/// The moves, a line each, and what keeps them.
pub(crate) fn table(moves: &[Move]) -> String {
    let mut text = String::new();
    let width = moves.iter().map(|found| found.collection.len()).max().unwrap_or_default();
    for found in moves {
        let (collection, standing) = (&found.collection, standing(found));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {collection:width$}  {standing}");
        if let Some(pending) = &found.pending {
            let (verb, step) = (&pending.verb, &pending.step);
            let _ = writeln!(text, "  {:width$}  a {verb} is under way, last step: {step}", "");
        }
        for side in [&found.source, &found.target] {
            let over = found.phase == "completed";
            if let Some(error) = side.error.as_ref().filter(|_| !over) {
                let _ = writeln!(text, "  {:width$}  {}: {error}", "", side.url);
            }
        }
        for cause in &found.causes {
            let _ = writeln!(text, "  {:width$}  {cause}", "");
        }
    }
    text
}

fn standing(found: &Move) -> String {
    let (source, target) = (&found.source, &found.target);
    let primary = match primary(found) {
        Some((side, epoch)) => format!("primary {} (epoch {epoch})", side.url),
        None => match successor(source).or_else(|| successor(target)) {
            Some(url) => format!("primary {url} (does not say so now)"),
            None => "primary not known".to_owned(),
        },
    };
    let copy = match found.phase.as_str() {
        "not followed" => return format!("{primary}, not followed"),
        "apart" => {
            return format!(
                "{primary}, {} has data of its own and follows no other program: with an empty database it would",
                target.url
            );
        }
        "switched" => format!("switched, {}", followed(source)),
        phase @ ("copying" | "following") => format!("{phase}, {}", followed(target)),
        "completed" => return format!("{primary}, completed"),
        "handed-over" => format!("handed over to {}, which has not taken it yet", target.url),
        phase => phase.to_owned(),
    };
    format!("{primary}, {copy}, diff {}", diff(&found.diff))
}

/// The side that takes the writes, and its epoch.
fn primary(found: &Move) -> Option<(&Side, u64)> {
    let sides = [&found.source, &found.target].into_iter();
    let primary = sides.filter_map(|side| {
        let ownership = side.ownership.as_ref()?;
        ownership.is_primary().then_some((side, ownership.epoch))
    });
    // Of a source and a target that have nothing to do with each other it is the source.
    primary.reduce(|one, other| if other.1 > one.1 { other } else { one })
}

/// The program that a side takes for the primary.
fn successor(side: &Side) -> Option<&str> {
    Some(&side.ownership.as_ref()?.successor.as_ref()?.url)
}

/// How far behind a follower is.
pub(super) fn lag(ms: Option<u64>) -> String {
    ms.map_or_else(|| "lag not known".to_owned(), |ms| format!("lag {ms} ms"))
}

fn followed(by: &Side) -> String {
    let ownership = by.ownership.as_ref();
    match ownership.and_then(|ownership| ownership.following.as_ref()) {
        Some(following) => {
            let lag = lag(following.lag_ms);
            let state = match following.state {
                state @ (FollowerState::Waiting
                | FollowerState::Stalled
                | FollowerState::Broken) => {
                    format!(" is {}", state.name())
                }
                FollowerState::Copying | FollowerState::Following => " follows".to_owned(),
            };
            format!("{}{state}, {lag}", by.url)
        }
        None => format!("{} does not follow", by.url),
    }
}

/// How long ago it came to its end.
fn age(diff: &Diff) -> String {
    match diff.age_ms.map(|ms| ms / 1_000) {
        Some(seconds @ ..120) => format!(", {seconds} s ago"),
        Some(seconds) => format!(", {} min ago", seconds / 60),
        None => String::new(),
    }
}

fn diff(diff: &Diff) -> String {
    match (diff.state.as_str(), &diff.detail) {
        ("verified", _) => format!("verified ({} rows{})", diff.rows_compared, age(diff)),
        ("differs", _) => {
            format!("differs in {} rows (of {}{})", diff.count, diff.rows_compared, age(diff))
        }
        (state, Some(detail)) => format!("{state} ({detail})"),
        (state, None) => state.to_owned(),
    }
}
