//! What stands out: everything that needs a person.

use maud::{Markup, html};

use super::text::{count, foreign, percent, time};
use crate::snapshot::Snapshot;
use crate::view::link;

/// From this share of errors on, a route stands out.
const ERRORS: f64 = 0.01;

/// A line for each thing that needs a person; nothing if all is well.
pub(crate) fn problems(look: &Snapshot) -> Markup {
    let lines = lines(look);
    html! {
        @if !lines.is_empty() {
            section class="note bad" aria-labelledby="problems" {
                h2 id="problems" { "Needs attention" }
                ul { @for line in &lines { li { (line) } } }
            }
        }
    }
}

fn lines(look: &Snapshot) -> Vec<Markup> {
    let mut lines = Vec::new();
    if let Some(why) = &look.failure {
        lines.push(html! {
            "The control plane does not answer: " (foreign(why))
            @if look.overview_at_ms > 0 { ". What stands here is from " (time(look.overview_at_ms)) }
        });
    }
    let overview = &look.overview;
    lines.extend(overview.problems.iter().map(|why| html! { (foreign(why)) }));
    for application in &overview.applications {
        if let Some(error) = &application.error {
            lines.push(html! {
                "Application " (foreign(&application.name)) ": " (foreign(&error.message))
            });
        }
    }
    for route in &overview.routes {
        let name =
            html! { a href=(link(&["routes", &route.route_id])) { (foreign(&route.label())) } };
        if route.state == "FAILED" {
            let why = route.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
            lines.push(html! { "Route " (name) " has failed: " (foreign(why)) });
        }
        let figures = look.figures(&route.application_id, &route.route_id);
        if let Some(figures) = figures.filter(|figures| figures.errors >= ERRORS) {
            lines.push(html! { "Route " (name) ": " (percent(figures.errors)) " of the answers are errors (5xx)" });
        }
    }
    for canary in &overview.canaries {
        if let Some(back) = &canary.rolled_back {
            lines.push(html! {
                "The canary of " (foreign(&canary.path)) " is back at 0 %: " (foreign(&back.reason))
            });
        }
    }
    for found in &overview.moves {
        let name = html! {
            a href=(link(&["moves", &found.application, &found.collection])) { (foreign(&found.collection)) }
        };
        if found.phase == "completed" {
            continue;
        }
        for side in [&found.source, &found.target] {
            if let Some(error) = &side.error {
                lines.push(html! { (name) ": " (foreign(&side.url)) " does not answer: " (foreign(error)) });
            }
        }
        lines.extend(found.causes.iter().map(|cause| html! { (name) ": " (foreign(cause)) }));
        if found.diff.state == "differs" {
            lines.push(html! { (name) ": the two sides differ in " (count(found.diff.count, "row", "rows")) });
        }
    }
    lines
}
