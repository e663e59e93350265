//! A user with its posts.

use maud::{Markup, html};
use models::{Post, Thread, User};

use super::byline;
use super::fields::hidden_token;
use super::pager::{empty, pager};
use super::paths::post_path;
use super::thread::actions;
use crate::api::{Known, Lookup, Member, Page};
use crate::layout::{Part, frame};
use crate::place::Place;
use crate::shown::{line, plain};
use crate::visitor::Visitor;

/// A user as it is shown.
pub(crate) struct UserShown<'a> {
    pub(crate) id: u64,
    /// `None` if it was deleted and its posts are left.
    pub(crate) user: Option<&'a Member<User>>,
    pub(crate) page: &'a Page<Post>,
    pub(crate) threads: &'a Known<Thread>,
}

/// A user, and its posts.
pub(crate) fn user(
    shown: &UserShown<'_>,
    place: Place,
    visitor: &Visitor,
    read_only: bool,
) -> Markup {
    let path = format!("/users/{}", shown.id);
    let title =
        shown.user.map_or_else(|| "Deleted user".to_owned(), |user| plain(&user.value.name));
    let none = html! { p { "This user has written nothing yet." } };
    let main = html! {
        @match shown.user {
            Some(user) => (head(user, &path, visitor, read_only)),
            None => {
                h1.deleted { "Deleted user (no. " (shown.id) ")" }
                p.about { "This user was deleted. These posts are left." }
            }
        }
        h2 { "Posts" }
        @if shown.page.members.is_empty() {
            (empty(&path, place, &none))
        }
        @for post in &shown.page.members {
            (self::post(post, shown.threads.get(post.value.thread)))
        }
        (pager(&path, shown.page, ["Newer posts", "Older posts"]))
    };
    frame(&title, Part::Users, &main)
}

fn head(user: &Member<User>, path: &str, visitor: &Visitor, read_only: bool) -> Markup {
    html! {
        div.person {
            (byline::sign(Lookup::Found(user)))
            div {
                h1 { (line(&user.value.name)) }
                div.meta {
                    span.handle { "@" (line(&user.value.username)) }
                    span { "here since " (byline::time(&user.created_at)) }
                    @if !read_only { (actions(path, "this user")) }
                }
            }
        }
        @if !user.value.bio.is_empty() { div.text dir="auto" { (user.value.bio) } }
        @if read_only {
        } @else if visitor.writer == Some(user.id) {
            p.notice { "You write as this user. " a href="/threads/new" { "Start a thread" } " or reply in " a href="/" { "one of the threads" } "." }
        } @else {
            form.inline method="post" action="/writer" {
                (hidden_token(visitor))
                input type="hidden" name="user" value=(user.id);
                button { "Write as this user" }
            }
        }
    }
}

fn post(post: &Member<Post>, thread: Lookup<'_, Thread>) -> Markup {
    html! {
        article.post.plain {
            div.body {
                div.meta {
                    @match thread {
                        Lookup::Found(thread) => a.headline href=(post_path(thread.id, post.id)) { (line(&thread.value.title)) },
                        Lookup::Gone => a.deleted href={ "/threads/" (post.value.thread) } { "Deleted thread" },
                        Lookup::Unknown => a.headline href=(post_path(post.value.thread, post.id)) { "Thread no. " (post.value.thread) },
                    }
                    (byline::time(&post.created_at))
                }
                div.text dir="auto" { (post.value.text) }
            }
        }
    }
}
