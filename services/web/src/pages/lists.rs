//! The lists: of the threads, and of the users.

use maud::{Markup, html};
use models::{Thread, User};

use super::byline;
use super::pager::{empty, pager};
use crate::api::{Known, Lookup, Page};
use crate::layout::{Part, frame};
use crate::place::Place;
use crate::shown::line;
use crate::visitor::Visitor;

/// The threads.
pub(crate) fn threads(
    page: &Page<Thread>,
    authors: &Known<User>,
    place: Place,
    read_only: bool,
) -> Markup {
    let none = html! {
        p { "There are no threads yet." }
        @if !read_only { p { a href="/threads/new" { "Start the first one" } } }
    };
    let main = html! {
        div.title {
            h1 { "Threads" }
            @if !read_only { a.button href="/threads/new" { "New thread" } }
        }
        @if page.members.is_empty() {
            (empty("/", place, &none))
        } @else {
            ul.list {
                @for thread in &page.members {
                    li {
                        a.headline href={ "/threads/" (thread.id) } { (line(&thread.value.title)) }
                        p.meta {
                            (byline::author(thread.value.created_by, authors.get(thread.value.created_by)))
                            (byline::time(&thread.created_at))
                        }
                    }
                }
            }
        }
        (pager("/", page, ["Newer threads", "Older threads"]))
    };
    frame("Threads", Part::Threads, &main)
}

/// The users.
pub(crate) fn users(page: &Page<User>, place: Place, visitor: &Visitor, read_only: bool) -> Markup {
    let none = html! {
        p { "There are no users yet." }
        @if !read_only { p { a href="/users/new" { "Make the first one" } } }
    };
    let writer = visitor.writer.filter(|_| !read_only);
    let main = html! {
        div.title {
            h1 { "Users" }
            @if !read_only { a.button href="/users/new" { "New user" } }
        }
        @if !read_only && writer.is_none() {
            p.about { "The board has no accounts. To write, choose a user here, or make a new one." }
        }
        @if page.members.is_empty() {
            (empty("/users", place, &none))
        } @else {
            ul.list.people {
                @for user in &page.members {
                    li {
                        (byline::sign(Lookup::Found(user)))
                        div {
                            (byline::user(user))
                            @if writer == Some(user.id) { span.badge { "You write as this user" } }
                            @if !user.value.bio.is_empty() { p.excerpt dir="auto" { (user.value.bio) } }
                        }
                    }
                }
            }
        }
        (pager("/users", page, ["Newer users", "Older users"]))
    };
    frame("Users", Part::Users, &main)
}
