//! The table of routes, with every figure of the picture.

use maud::{Markup, html};

use super::parts::{data, share, state};
use super::rows::Row;
use super::text::{duration, foreign, or_dash, percent, rate};
use crate::live::Live;
use crate::view::link;

/// A row for each route.
pub(crate) fn table(rows: &[&Row<'_>], live: &Live) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Routes" {
            table class="routes" {
                thead {
                    tr {
                        th scope="col" { "Path" }
                        th scope="col" { "Service" }
                        th scope="col" { "State" }
                        th scope="col" class="number" { "Requests/s" }
                        th scope="col" class="number" { "p50" }
                        th scope="col" class="number" { "p99" }
                        th scope="col" class="number" { "Errors" }
                        th scope="col" class="number" { "Canary" }
                        th scope="col" class="number" { "Shadow" }
                        th scope="col" { "Data" }
                    }
                }
                tbody { @for row in rows { (line(row, live)) } }
            }
        }
    }
}

fn line(row: &Row<'_>, live: &Live) -> Markup {
    let id = row.id();
    let figures = row.figures.as_ref();
    let answered = figures.filter(|figures| figures.p50_ms.is_some());
    let cell = |name: &str, value: Markup| live.text(&format!("{id}-{name}"), value);
    html! {
        tr {
            th scope="row" data-label="Path" {
                @match (row.route, row.found) {
                    (Some(route), _) => { a href=(link(&["routes", &route.route_id])) { (foreign(&row.label)) } }
                    (None, Some(found)) => {
                        a href=(link(&["moves", &found.application, &found.collection])) { (foreign(&row.label)) }
                    }
                    (None, None) => { (foreign(&row.label)) }
                }
            }
            td data-label="Service" { (foreign(&row.service_name())) }
            td data-label="State" {
                @match row.route { Some(route) => { (state(&route.state)) } None => { span class="badge" { "no route" } } }
            }
            td class="number" data-label="Requests/s" {
                (cell("rate", or_dash(figures.map(|figures| rate(figures.requests())))))
            }
            td class="number" data-label="p50" {
                (cell("p50", or_dash(figures.and_then(|figures| figures.p50_ms).map(duration))))
            }
            td class="number" data-label="p99" {
                (cell("p99", or_dash(figures.and_then(|figures| figures.p99_ms).map(duration))))
            }
            td class="number" data-label="Errors" {
                (cell("errors", or_dash(answered.map(|figures| percent(figures.errors)))))
            }
            td class="number" data-label="Canary" { (share(row.route, "banyan:canary")) }
            td class="number" data-label="Shadow" { (share(row.route, "banyan:shadow")) }
            td data-label="Data" {
                @match row.found {
                    Some(found) => {
                        a href=(link(&["moves", &found.application, &found.collection])) { (cell("data", data(found))) }
                    }
                    None if row.is_default() => { "the monolith's own" }
                    None => { span class="quiet" { "does not move" } }
                }
            }
        }
    }
}
