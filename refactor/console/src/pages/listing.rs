//! The table of an application's routes: a page of it, of those whose path or service has a text.

use maud::{Markup, html};

use super::parts::empty;
use super::rows::Row;
use super::table::table;
use crate::live::Live;

/// How many routes stand on a page.
const PAGE: usize = 50;

/// The routes whose text has the filter, on the page of that number. `place` is the path of the page that shows them; `id`
/// tells the form from others of the page.
pub(crate) fn listing(
    all: &[Row<'_>],
    place: &str,
    (filter, page): (&str, usize),
    id: &str,
    live: &Live,
) -> Markup {
    let wanted = filter.to_lowercase();
    let has = |row: &&Row<'_>| {
        row.label.to_lowercase().contains(&wanted)
            || row.service_name().to_lowercase().contains(&wanted)
    };
    let found: Vec<_> = all.iter().filter(has).collect();
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = page.clamp(1, pages);
    let shown: Vec<&Row<'_>> = found.iter().skip((page - 1) * PAGE).take(PAGE).copied().collect();
    html! {
        @if all.len() > PAGE || !filter.is_empty() {
            form class="filter" method="get" action=(place) role="search" {
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
        @if pages > 1 { (pager(place, filter, page, pages)) }
    }
}

fn pager(place: &str, filter: &str, page: usize, pages: usize) -> Markup {
    let url = |page: usize| {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        format!("{place}?page={page}&filter={filter}")
    };
    html! {
        nav class="pager" aria-label="Pages" {
            @if page > 1 { a href=(url(page - 1)) rel="prev" { "Previous" } }
            span { "Page " (page) " of " (pages) }
            @if page < pages { a href=(url(page + 1)) rel="next" { "Next" } }
        }
    }
}
