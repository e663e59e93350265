//! A move: how far it is, both sides, and what can be done.

use maud::{Markup, html};
use moves::{Move, Side};

use super::Main;
use super::parts::{bar, data, diff, phase};
use super::text::{age, count, duration, foreign, number, time};
use crate::live::Live;
use crate::sessions::Session;
use crate::snapshot::Snapshot;
use crate::verbs::{self, Verb};
use crate::view::link;

/// The phases on the way.
const WAY: [(&str, &str); 5] = [
    ("not followed", "Not followed"),
    ("copying", "Copying"),
    ("following", "Following"),
    ("switched", "Switched"),
    ("completed", "Completed"),
];

/// How many rows that differ are named.
const DIFFERENCES: usize = 20;

/// The move of a collection of an application.
pub(crate) fn show(
    look: &Snapshot,
    (application, collection): (&str, &str),
    session: &Session,
    live: &Live,
) -> Main {
    let Some(found) = look.overview.find_move(application, collection) else {
        return Main::missing(
            "There is no such move. It was cancelled, or its service is not known yet: banyan follow begins one.",
        );
    };
    Main::new(
        collection,
        html! {
            p class="trail" { a href=(link(&["applications", application])) {
                (foreign(look.overview.application(application).map_or(application, |found| &found.name)))
            } }
            h1 { (foreign(collection)) " " (phase(found)) }
            p class="lead" { (live.text("data", data(found))) }
            (way(found))
            @if let Some(operation) = look.under_way(application, collection) {
                div class="note" {
                    p { (foreign(&operation.by)) " has begun: " (operation.verb) ". "
                        a href=(link(&["operations", &operation.id])) { "Watch it" } }
                }
            } @else if let Some(pending) = &found.pending {
                div class="note" {
                    p { "A " (pending.verb) " is under way. Last step: " (pending.step.replace('-', " ")) ", "
                        (live.text("pending", html! { (age(pending.age_ms)) })) }
                }
            }
            @for cause in &found.causes {
                div class="note bad" { p { (foreign(cause)) } }
            }
            (live.block("progress", progress(found)))
            (actions(found, session))
            div class="pair" {
                (side("Monolith", "source", &found.source, live))
                (side("Service", "target", &found.target, live))
            }
            h2 { "Last comparison" }
            (live.block("diff", comparison(found, look.at_ms)))
            h2 { "Last command" }
            (last(found))
            p { a href="/console/history" { "All that was done" } }
        },
    )
}

fn way(found: &Move) -> Markup {
    let at = WAY.iter().position(|(phase, _)| *phase == found.phase);
    let at = at.or((found.phase == "handed-over").then_some(2));
    html! {
        ol class="way" aria-label="The way of the move" {
            @for (place, (_, name)) in WAY.iter().enumerate() {
                @let done = at.is_some_and(|at| place < at);
                li class=(if done { "done" } else { "" }) aria-current=[(at == Some(place)).then_some("step")] { (name) }
            }
        }
    }
}

/// How far a copy or a comparison is.
fn progress(found: &Move) -> Markup {
    let following = found.target.ownership.as_ref().and_then(|own| own.following.as_ref());
    let copying = following.filter(|_| found.phase == "copying");
    html! {
        @if let Some(following) = copying {
            @let left = following.lag_changes;
            div class="progress" {
                @if let Some(left) = left {
                    @let all = following.rows + left;
                    (bar(if all == 0 { 0.0 } else { following.rows as f64 / all as f64 }))
                }
                p { "Copying: " (count(following.rows, "row", "rows")) " so far, " (number(following.rows_per_second)) " rows/s"
                    @if let Some(left) = left.filter(|_| following.rows_per_second > 0) {
                        ", about " (duration(left as f64 * 1_000.0 / following.rows_per_second as f64)) " left"
                    }
                    @if let Some(detail) = &following.detail { ". " (foreign(detail)) }
                }
            }
        }
        @if let Some(progress) = found.diff.progress.as_ref().filter(|_| found.diff.state == "running") {
            div class="progress" {
                @if let (Ok(at), Ok(of)) = (progress.id.parse::<f64>(), progress.of.parse::<f64>()) {
                    (bar(if of > 0.0 { at / of } else { 0.0 }))
                }
                p { "Comparing: up to " (foreign(&progress.id)) " of about " (foreign(&progress.of)) }
            }
        }
    }
}

/// A button for each command that can be given now, and a reason for each other.
fn actions(found: &Move, session: &Session) -> Markup {
    if session.read_only {
        return html! { p class="quiet" { "This session is read-only: it sees everything and changes nothing." } };
    }
    let (can, cannot): (Vec<Verb>, Vec<Verb>) =
        verbs::ALL.into_iter().partition(|verb| verb.obstacle(found).is_none());
    html! {
        div class="actions" {
            @for verb in can {
                @let class = if verb.is_next(found) { "button main" } else if verb.is_final { "button final" } else { "button" };
                a class=(class) href=(link(&["moves", &found.application, &found.collection, verb.word])) {
                    (verb.label) " …"
                }
            }
        }
        @if !cannot.is_empty() {
            p class="quiet" {
                "Not now: "
                @for (place, verb) in cannot.iter().enumerate() {
                    @if place > 0 { "; " }
                    (verb.label.to_lowercase()) " (" (verb.obstacle(found).unwrap_or_default()) ")"
                }
                "."
            }
        }
    }
}

fn side(title: &str, id: &str, side: &Side, live: &Live) -> Markup {
    html! {
        section class="card" aria-labelledby=(id) {
            h2 id=(id) { (title) }
            p { code { (foreign(&side.url)) } }
            @match &side.ownership {
                Some(own) => {
                    p {
                        @if own.is_primary() { span class="badge primary" { "Primary" } } @else { span class="badge" { (own.role.name()) } }
                        " epoch " (own.epoch)
                    }
                    (live.block(&format!("{id}-state"), html! {
                        @if let Some(following) = &own.following {
                            p { (following.state.name())
                                @match following.lag_ms {
                                    Some(lag) => { ", lag " (duration(lag as f64)) }
                                    None => { ", lag not known" }
                                }
                                ", " (count(following.rows, "row", "rows")) " applied since it started"
                            }
                            @if let Some(detail) = &following.detail { p { (foreign(detail)) } }
                        }
                        @if let Some(fence) = &own.fence {
                            p { b { "Its writes wait" } " until " (time(fence.until_ms)) " at the latest" }
                        }
                        p class="quiet" { "Position " (number(own.position)) }
                    }))
                }
                None => p class="bad" {
                    "Does not answer: " (foreign(side.error.as_deref().unwrap_or("it gives no reason")))
                }
            }
        }
    }
}

fn comparison(found: &Move, now_ms: i64) -> Markup {
    let diff_state = &found.diff;
    let at = diff_state.at_ms.map(|at| age(now_ms - at));
    html! {
        p {
            "Both sides: " b { (diff(found)) }
            @if let Some(at) = at { ", " (at) }
            @if diff_state.moving > 0 { ". " (count(diff_state.moving, "row", "rows")) " changed at each look" }
        }
        @if let Some(detail) = &diff_state.detail { p class="quiet" { (foreign(detail)) } }
        @if !diff_state.differences.is_empty() {
            table {
                thead { tr { th scope="col" { "Key" } th scope="col" { "What differs" } } }
                tbody {
                    @for row in diff_state.differences.iter().take(DIFFERENCES) {
                        tr { th scope="row" { (foreign(&row.id)) } td { (foreign(&row.what)) } }
                    }
                }
            }
            @let more = diff_state.count.saturating_sub(DIFFERENCES as u64);
            @if more > 0 { p class="quiet" { "… and " (number(more)) " more: banyan diff names them." } }
        }
    }
}

fn last(found: &Move) -> Markup {
    let Some(last) = &found.last else { return html! { p class="quiet" { "None yet." } } };
    html! {
        p {
            b { (last.verb) } ", " (time(last.at_ms)) ": " (foreign(&last.outcome))
            @if let Some(pause) = last.pause_ms { ". Writes waited " b { (duration(pause as f64)) } }
        }
    }
}
