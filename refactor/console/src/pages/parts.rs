//! What several pages show in the same way.

use maud::{Markup, html};
use moves::Move;

use super::text::{count, duration};
use crate::facts::{Primary, Route, follower, lag_ms, primary};

/// The state of a route, a stack or another resource.
pub(crate) fn state(state: &str) -> Markup {
    let class = match state {
        "ACTIVE" => "badge good",
        state if state.contains("FAILED") || state.contains("ROLLBACK") => "badge bad",
        state if state.ends_with("_COMPLETE") => "badge good",
        state if state.ends_with("ING") || state.ends_with("PROGRESS") => "badge busy",
        _ => "badge",
    };
    let words = state.replace('_', " ").to_lowercase();
    html! { span class=(class) { (words) } }
}

/// The phase of a move.
pub(crate) fn phase(found: &Move) -> Markup {
    let class = match found.phase.as_str() {
        "switched" | "completed" | "following" => "badge good",
        "copying" | "handed-over" => "badge busy",
        "unknown" | "apart" => "badge bad",
        _ => "badge",
    };
    html! { span class=(class) { (found.phase.replace('-', " ")) } }
}

/// Which side is the primary, and how far the other one is.
pub(crate) fn data(found: &Move) -> Markup {
    let (side, epoch) = primary(found);
    let name = match side {
        Primary::Source => "monolith",
        Primary::Target => "service",
        Primary::Unknown => return html! { "primary not known" },
    };
    html! {
        (name) " is primary"
        @if let Some(epoch) = epoch { ", epoch " (epoch) }
        @if follower(found).is_some() {
            @match lag_ms(found) {
                Some(lag) => { ", lag " (duration(lag as f64)) }
                None => { ", lag not known" }
            }
        }
    }
}

/// The result of the last comparison.
pub(crate) fn diff(found: &Move) -> String {
    let diff = &found.diff;
    match diff.state.as_str() {
        "verified" => format!("the same in {}", count(diff.rows_compared, "row", "rows")),
        "differs" => count(diff.count, "row differs", "rows differ"),
        "running" => "under way".to_owned(),
        state => state.to_owned(),
    }
}

/// The shares that tags give a route.
pub(crate) fn share(route: Option<&Route>, tag: &str) -> Markup {
    match route.and_then(|route| route.percent(tag)) {
        Some(percent) => html! { (percent) " %" },
        None => {
            html! { span class="none" { span class="unseen" { "none" } span aria-hidden="true" { "–" } } }
        }
    }
}

/// A page without anything on it says what comes next.
pub(crate) fn empty(text: &str, command: Option<&str>) -> Markup {
    html! {
        div class="empty" {
            p { (text) }
            @if let Some(command) = command { pre { code { (command) } } }
        }
    }
}

/// A bar that fills. What it means stands beside it.
pub(crate) fn bar(share: f64) -> Markup {
    let width = (share.clamp(0.0, 1.0) * 300.0).round();
    html! {
        svg class="bar" viewBox="0 0 300 8" preserveAspectRatio="none" aria-hidden="true" {
            rect class="bar-all" width="300" height="8" rx="4" {}
            rect class="bar-done" width=(width) height="8" rx="4" {}
        }
    }
}

/// The last minute of a rate.
pub(crate) fn trend(values: &[f64]) -> Markup {
    let most = values.iter().copied().fold(1.0, f64::max);
    let points: Vec<_> = values
        .iter()
        .rev()
        .enumerate()
        .map(|(age, value)| format!("{},{:.1}", 240 - age * 4, 38.0 - value / most * 34.0))
        .collect();
    html! {
        svg class="trend" viewBox="0 0 240 40" aria-hidden="true" {
            line class="axis" x1="0" y1="39" x2="240" y2="39" {}
            polyline points=(points.join(" ")) {}
        }
    }
}
