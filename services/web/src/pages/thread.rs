//! A thread with its posts.

use maud::{Markup, html};
use models::{Post, Thread, User};

use super::byline;
use super::fields::Filled;
use super::forms::{Writer, reply_form};
use super::pager::{empty, pager};
use crate::api::{Known, Lookup, Member, Page};
use crate::layout::{Part, frame};
use crate::place::Place;
use crate::shown::{line, plain};
use crate::visitor::Visitor;

/// A thread as it is shown.
pub(crate) struct ThreadShown<'a> {
    pub(crate) id: u64,
    /// `None` if it was deleted and its posts are left.
    pub(crate) thread: Option<&'a Member<Thread>>,
    pub(crate) page: &'a Page<Post>,
    pub(crate) authors: &'a Known<User>,
}

/// The posts of a thread, and the form for a reply.
pub(crate) fn thread(
    shown: &ThreadShown<'_>,
    place: Place,
    writer: Option<Writer<'_>>,
    form: &Filled,
    visitor: &Visitor,
    read_only: bool,
) -> Markup {
    let path = format!("/threads/{}", shown.id);
    let title = shown
        .thread
        .map_or_else(|| "Deleted thread".to_owned(), |thread| plain(&thread.value.title));
    let none = html! { p { "There are no posts in this thread yet." } };
    let main = html! {
        @match shown.thread {
            Some(thread) => {
                h1 { (line(&thread.value.title)) }
                div.meta {
                    (byline::author(thread.value.created_by, shown.authors.get(thread.value.created_by)))
                    (byline::time(&thread.created_at))
                    @if !read_only { (actions(&path, "this thread")) }
                }
            }
            None => {
                h1.deleted { "Deleted thread" }
                p.about { "This thread was deleted. These posts are left of it." }
            }
        }
        (pager(&path, shown.page, ["Earlier posts", "Later posts"]))
        @if shown.page.members.is_empty() {
            (empty(&path, place, &none))
        }
        @for post in &shown.page.members {
            (self::post(post, shown.authors.get(post.value.user), read_only))
        }
        (pager(&path, shown.page, ["Earlier posts", "Later posts"]))
        @if shown.thread.is_some() && !read_only {
            section.reply aria-labelledby="reply" {
                h2 #reply { "Reply" }
                (reply_form(shown.id, form, writer, visitor))
            }
        }
    };
    frame(&title, Part::Threads, &main)
}

fn post(post: &Member<Post>, author: Lookup<'_, User>, read_only: bool) -> Markup {
    let id = post.id;
    html! {
        article.post #{ "post-" (id) } {
            (byline::sign(author))
            div.body {
                div.meta {
                    (byline::author(post.value.user, author))
                    (byline::time(&post.created_at))
                    @if post.updated_at != post.created_at { span { "edited" } }
                }
                div.text dir="auto" { (post.value.text) }
                @if !read_only { (actions(&format!("/posts/{id}"), &format!("post {id}"))) }
            }
        }
    }
}

/// The links that change a member: `what` tells those apart that cannot see the place of the links.
pub(super) fn actions(path: &str, what: &str) -> Markup {
    html! {
        span.links {
            a href={ (path) "/edit" } { "Edit" span.unseen { " " (what) } }
            a href={ (path) "/delete" } { "Delete" span.unseen { " " (what) } }
        }
    }
}
