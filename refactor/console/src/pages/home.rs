//! The overview: what stands out, the picture, the routes.

use maud::{Markup, html};

use super::Main;
use super::parts::{empty, state};
use super::picture::picture;
use super::problems::problems;
use super::rows::{Row, rows};
use super::table::table;
use super::text::foreign;
use crate::facts::Application;
use crate::live::Live;
use crate::snapshot::Snapshot;
use crate::view::link;

/// How many routes stand on a page.
const PAGE: usize = 50;

/// The overview of all applications.
pub(crate) fn home(look: &Snapshot, filter: &str, page: usize, live: &Live) -> Main {
    let applications = &look.overview.applications;
    Main::new(
        "Overview",
        html! {
            h1 class="unseen" { "Overview" }
            (problems(look))
            @if applications.is_empty() && look.failure.is_none() {
                (empty("There is no application yet. This makes one, with a route to your monolith:",
                    Some("aws cloudformation deploy --template-file rs.yaml --stack-name banyan")))
            }
            @for application in applications {
                (section(look, application, filter, page, live))
            }
        },
    )
}

fn section(
    look: &Snapshot,
    application: &Application,
    filter: &str,
    page: usize,
    live: &Live,
) -> Markup {
    let id = &application.application_id;
    let all = rows(look, application);
    let wanted = filter.to_lowercase();
    let found: Vec<_> = all
        .iter()
        .filter(|row| {
            wanted.is_empty()
                || row.label.to_lowercase().contains(&wanted)
                || row.service_name().to_lowercase().contains(&wanted)
        })
        .collect();
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = page.clamp(1, pages);
    let shown: Vec<&Row<'_>> = found.iter().skip((page - 1) * PAGE).take(PAGE).copied().collect();
    html! {
        section aria-labelledby=(id) {
            div class="title" {
                h2 id=(id) { a href=(link(&["applications", id])) { (foreign(&application.name)) } }
                (state(&application.state))
                code { (foreign(&application.api_gateway_proxy.proxy_url)) }
            }
            (drawing(look, application, &all, live))
            @if all.len() > PAGE || !filter.is_empty() {
                form class="filter" method="get" action="/console/" role="search" {
                    label for={"filter-" (id)} { "Paths and services with" }
                    input id={"filter-" (id)} name="filter" value=(filter) type="search";
                    button { "Filter" }
                    span { (found.len()) " of " (all.len()) " routes" }
                }
            }
            @if found.is_empty() {
                (empty("No route has this text.", None))
            } @else {
                (table(&shown, live))
            }
            @if pages > 1 { (pager(filter, page, pages)) }
        }
    }
}

/// The picture of an application, or what comes first.
pub(crate) fn drawing(
    look: &Snapshot,
    application: &Application,
    rows: &[Row<'_>],
    live: &Live,
) -> Markup {
    let monolith = look.overview.monolith(&application.application_id);
    let Some(monolith) = monolith else {
        let text = "This application has no DEFAULT route yet: it leads to your monolith, and answers everything else.";
        return empty(text, None);
    };
    html! {
        @if rows.len() == 1 {
            (empty("No routes yet: the monolith answers everything. A route, or this, begins to break it up:",
                Some("banyan follow COLLECTION --target http://HOST:PORT")))
        }
        figure class="drawing" { (picture(rows, &monolith.name, live)) }
    }
}

fn pager(filter: &str, page: usize, pages: usize) -> Markup {
    let url = |page: usize| {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        format!("/console/?page={page}&filter={filter}")
    };
    html! {
        nav class="pager" aria-label="Pages" {
            @if page > 1 { a href=(url(page - 1)) rel="prev" { "Previous" } }
            span { "Page " (page) " of " (pages) }
            @if page < pages { a href=(url(page + 1)) rel="next" { "Next" } }
        }
    }
}
