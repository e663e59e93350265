//! The way to the pages before and after this one.

use maud::{Markup, html};

use crate::api::Page;
use crate::place::Place;

/// Links to the pages of a list at this path; `words` are those for the page before and the page after.
pub(super) fn pager<T>(path: &str, page: &Page<T>, words: [&str; 2]) -> Markup {
    let link = |place: Option<Place>, relation: &str, text: &str| {
        let Some(place) = place else { return html! { span {} } };
        html! { a href={ (path) "?" (place.query()) } rel=(relation) { (text) } }
    };
    let [before, after] = words;
    html! {
        @if page.previous.is_some() || page.next.is_some() {
            nav.pager aria-label="Pages" {
                (link(page.previous, "prev", before))
                (link(page.next, "next", after))
            }
        }
    }
}

/// What stands in place of a list without members: `none` on the first page.
pub(super) fn empty(path: &str, place: Place, none: &Markup) -> Markup {
    html! {
        div.empty {
            @if place.is_first() {
                (none)
            } @else {
                p { "There is nothing on this page any more." }
                p { a href=(path) { "To the first page" } }
            }
        }
    }
}
