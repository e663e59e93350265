//! A route: its figures, its shares, and what differed.

use maud::{Markup, html};
use proxy::ShadowReport;

use super::Main;
use super::differences::differences;
use super::parts::{data, state, trend};
use super::text::{duration, foreign, number, or_dash, percent, rate, time};
use crate::facts::Route;
use crate::live::Live;
use crate::meter::Figures;
use crate::sessions::Session;
use crate::snapshot::Snapshot;
use crate::view::link;

/// The route of this id.
pub(crate) fn route(look: &Snapshot, id: &str, session: &Session, live: &Live) -> Main {
    let overview = &look.overview;
    let Some(route) = overview.route(id) else {
        return Main::missing("There is no route with this id.");
    };
    let application = overview.application(&route.application_id);
    let service = overview.service(&route.service_id);
    let figures = look.figures(&route.application_id, id);
    let canary = overview.canaries.iter().find(|canary| canary.route == id);
    let shadow = look.shadow(id);
    let shadows = route.percent("banyan:shadow").is_some_and(|share| share != "0");
    Main::new(
        route.label(),
        html! {
            @if let Some(application) = application {
                p class="trail" { a href=(link(&["applications", &application.application_id])) { (foreign(&application.name)) } }
            }
            h1 { (foreign(&route.label())) " " (state(&route.state)) }
            @if let Some(error) = &route.error {
                div class="note bad" role="alert" { p { (foreign(&error.message)) } }
            }
            (live.block("figures", numbers(figures.as_ref())))
            dl class="facts" {
                @if let Some(service) = service {
                    div { dt { "Service" } dd { (foreign(&service.name)) " " code { (foreign(service.address())) } } }
                }
                @if route.include_child_paths { div { dt { "Paths below" } dd { "taken too" } } }
                @if let Some(found) = overview.move_of(id) {
                    div { dt { "Data" } dd {
                        a href=(link(&["moves", &found.application, &found.collection])) { (foreign(&found.collection)) }
                        ": " (live.text("data", data(found)))
                    } }
                }
                div { dt { "Canary" } dd {
                    (share_of(route, "banyan:canary")) " of the reads"
                    @if let Some(canary) = canary {
                        ", rises by itself: " (canary.percent) " % now, " (canary.failed) " of " (canary.requests) " reads failed in this step"
                        @if let Some(back) = &canary.rolled_back { ". Back at 0 %: " (foreign(&back.reason)) }
                    }
                } }
                div { dt { "Shadow" } dd {
                    (share_of(route, "banyan:shadow")) " of the reads are copied and compared"
                } }
                div { dt { "Route" } dd { code { (foreign(id)) } } }
            }
            @if !route.is_default() && !session.read_only {
                p { a class="button" href=(link(&["routes", id, "shares"])) { "Set canary and shadow" } }
            }
            h2 { "Differences" }
            (live.block("shadow", matches(shadow, shadows)))
            @if let Some(found) = shadow.and_then(|shadow| shadow.differences.as_ref()) {
                (live.block("differences", differences(found)))
            }
        },
    )
}

fn share_of(route: &Route, tag: &str) -> String {
    route.percent(tag).map_or_else(|| "none".to_owned(), |percent| format!("{percent} %"))
}

fn numbers(figures: Option<&Figures>) -> Markup {
    html! {
        div class="numbers" {
            div { b { (or_dash(figures.map(|figures| rate(figures.requests())))) } span { "requests/s" } }
            div { b { (or_dash(figures.and_then(|figures| figures.p50_ms).map(duration))) } span { "p50" } }
            div { b { (or_dash(figures.and_then(|figures| figures.p99_ms).map(duration))) } span { "p99" } }
            div { b { (or_dash(figures.map(|figures| percent(figures.errors)))) } span { "errors (5xx)" } }
            div { b { (or_dash(figures.map(|figures| number(figures.in_flight.max(0).unsigned_abs())))) } span { "under way" } }
            @if let Some(figures) = figures {
                div class="wide" {
                    (trend(&figures.trend))
                    span { "requests/s in the last minute, " (rate(figures.trend.iter().copied().fold(0.0, f64::max))) " at most" }
                }
            }
        }
        @if let Some(figures) = figures {
            p class="quiet" {
                "Its service answers " (rate(figures.own_reads)) " reads/s and " (rate(figures.own_writes)) " writes/s, another one "
                (rate(figures.other_reads)) " and " (rate(figures.other_writes)) ". Times and errors are those of its own service."
            }
        }
    }
}

fn matches(shadow: Option<&ShadowReport>, shadows: bool) -> Markup {
    html! {
        @match shadow {
            Some(ShadowReport { counts, since, ignored, noise, .. }) => {
                @let other = &counts.not_compared;
                @let lost = other.matched_in_part + other.not_decoded + other.unanswered + other.abandoned + other.dropped;
                p {
                    @match counts.match_percent {
                        Some(percent) => { b { (format!("{percent:.2} %")) } " of the compared reads match: " }
                        None => "Nothing is compared yet: ",
                    }
                    (number(counts.equal)) " match, " (number(counts.different)) " differ, "
                    (number(lost)) " could not be compared, since " (time(since.as_millisecond())) "."
                }
                @for (what, places) in [("Left out: ", ignored), ("Differ by themselves: ", noise)] {
                    @if !places.is_empty() {
                        p class="quiet" { (what)
                            @for (place, name) in places.iter().enumerate() {
                                @if place > 0 { ", " }
                                code { (foreign(name)) }
                            }
                        }
                    }
                }
            }
            None if shadows => p { "The route takes no traffic, so no reads are compared." },
            None => p class="quiet" { "No reads are compared. With a shadow, copies of reads go to the other service, and the two answers are compared." },
        }
    }
}
