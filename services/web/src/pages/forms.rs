//! The pages with a form.

use maud::{Markup, html};
use models::User;
use serde_json::Value;

use super::byline;
use super::fields::{Filled, hidden_token};
use super::paths::path_of;
use super::refused::said;
use crate::api::{Known, Lookup, Refusal};
use crate::form::TAG;
use crate::kind::{Kind, POSTS, THREADS, USERS};
use crate::layout::{Part, frame};
use crate::shown::line;
use crate::visitor::Visitor;

/// The user that a browser writes as.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) id: u64,
    /// Never [`Lookup::Gone`].
    known: Lookup<'a, User>,
}

impl<'a> Writer<'a> {
    /// The user that was chosen, unless it was deleted since.
    pub(crate) fn of(chosen: Option<u64>, known: &'a Known<User>) -> Option<Self> {
        let id = chosen?;
        match known.get(id) {
            Lookup::Gone => None,
            known => Some(Self { id, known }),
        }
    }
}

/// The form for a user.
pub(crate) fn new_user(form: &Filled, visitor: &Visitor) -> Markup {
    let main = html! {
        h1 { "New user" }
        (form.summary())
        form method="post" action="/users" {
            (form.inputs(visitor))
            (buttons("Make the user", "/users"))
        }
    };
    page("New user", Part::Users, form.is_refused(), &main)
}

/// The form for a thread.
pub(crate) fn new_thread(form: &Filled, writer: Option<Writer<'_>>, visitor: &Visitor) -> Markup {
    let main = html! {
        h1 { "New thread" }
        (form.summary())
        @if writer.is_none() && !form.is_refused() {
            (choose())
        } @else {
            form method="post" action="/threads" {
                (form.inputs(visitor))
                (writing_as(writer))
                (buttons("Start the thread", "/"))
            }
        }
    };
    page("New thread", Part::Threads, form.is_refused(), &main)
}

/// The page with a reply that was refused.
pub(crate) fn reply(
    thread: u64,
    form: &Filled,
    writer: Option<Writer<'_>>,
    visitor: &Visitor,
) -> Markup {
    let main = html! {
        h1 { "Reply" }
        p.meta { a href={ "/threads/" (thread) } { "Back to the thread" } }
        (form.summary())
        (reply_form(thread, form, writer, visitor))
    };
    page("Reply", Part::Threads, form.is_refused(), &main)
}

/// The form for a reply, without what was wrong with it.
pub(super) fn reply_form(
    thread: u64,
    form: &Filled,
    writer: Option<Writer<'_>>,
    visitor: &Visitor,
) -> Markup {
    if writer.is_none() && !form.is_refused() {
        return choose();
    }
    html! {
        form method="post" action={ "/threads/" (thread) "/posts" } {
            (form.inputs(visitor))
            (writing_as(writer))
            div.buttons { button.primary { "Send the reply" } }
        }
    }
}

/// The form that changes a member. `current` is what is stored, if that is not what the form was made from.
pub(crate) fn edit(
    kind: &'static Kind,
    id: u64,
    back: &str,
    form: &Filled,
    current: Option<&Value>,
    visitor: &Visitor,
) -> Markup {
    let title = format!("Edit the {}", kind.one);
    let main = html! {
        h1 { (title) }
        (form.summary())
        @if let Some(current) = current {
            section.stored aria-label="What is stored now" {
                h2 { "What is stored now" }
                (contents(kind, current))
            }
        }
        form method="post" action={ "/" (kind.collection) "/" (id) "/edit" } {
            (form.inputs(visitor))
            (buttons("Save", back))
        }
    };
    page(&title, part(kind), form.is_refused(), &main)
}

/// The page that asks whether to delete a member, with the reason why it was not deleted before.
pub(crate) fn delete(
    kind: &'static Kind,
    id: u64,
    member: &Value,
    tag: &str,
    refusal: Option<&Refusal>,
    visitor: &Visitor,
) -> Markup {
    let title = format!("Delete this {}?", kind.one);
    let stays = if *kind == USERS {
        "Its threads and posts stay. They are shown as those of a deleted user."
    } else if *kind == THREADS {
        "Its posts stay. They can be seen on the pages of their users."
    } else {
        "It cannot be brought back."
    };
    let back = path_of(kind, id, member);
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refusal { div.problem role="alert" { (said(refusal)) } }
        section.stored aria-label={ "The " (kind.one) } { (contents(kind, member)) }
        p { (stays) }
        form method="post" action={ "/" (kind.collection) "/" (id) "/delete" } {
            (hidden_token(visitor))
            input type="hidden" name=(TAG) value=(tag);
            @if let Some(thread) = member["thread"].as_u64() {
                input type="hidden" name="thread" value=(thread);
            }
            div.buttons {
                button.danger { "Delete the " (kind.one) }
                a href=(back) { "Keep it" }
            }
        }
    };
    page(&title, part(kind), refusal.is_some(), &main)
}

fn part(kind: &Kind) -> Part {
    if *kind == USERS { Part::Users } else { Part::Threads }
}

/// A page whose title says if its form was refused.
fn page(title: &str, part: Part, refused: bool, main: &Markup) -> Markup {
    let title = if refused { format!("Error: {title}") } else { title.to_owned() };
    frame(&title, part, main)
}

fn buttons(send: &str, back: &str) -> Markup {
    html! {
        div.buttons {
            button.primary { (send) }
            a href=(back) { "Cancel" }
        }
    }
}

fn writing_as(writer: Option<Writer<'_>>) -> Markup {
    html! {
        p.as {
            @if let Some(Writer { id, known }) = writer { "Writing as " (byline::author(id, known)) " " }
            a href="/users" { "Write as another user" }
        }
    }
}

/// What stands in place of a form that needs a user.
fn choose() -> Markup {
    html! {
        div.empty {
            p { "The board has no accounts. Choose the user that you write as." }
            p.actions { a.button href="/users" { "Choose a user" } a href="/users/new" { "or make a new one" } }
        }
    }
}

/// What a member has in its fields.
fn contents(kind: &Kind, member: &Value) -> Markup {
    html! {
        @for field in kind.fields {
            @let value = member[field.name].as_str().unwrap_or_default();
            @if *kind == POSTS {
                div.text dir="auto" { (value) }
            } @else if !value.is_empty() {
                p { span.label { (field.label) } " " @if field.rows == 1 { (line(value)) } @else { span.text dir="auto" { (value) } } }
            }
        }
    }
}
