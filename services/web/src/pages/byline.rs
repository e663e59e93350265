//! The author of something, and its time.
//!
//! A name is chosen freely, so it proves nothing. The username stands beside it: it is unique, and has plain letters only.

use jiff::Timestamp;
use maud::{Markup, html};
use models::User;

use crate::api::Member;
use crate::shown::line;

/// A user by name, with a link; `id` is the user's even if it was deleted.
pub(super) fn user(id: u64, user: Option<&Member<User>>) -> Markup {
    html! {
        @match user {
            Some(user) => a.user href={ "/users/" (id) } {
                span.name { (line(&user.value.name)) }
                " "
                span.handle { "@" (line(&user.value.username)) }
            },
            None => span.deleted { "Deleted user (no. " (id) ")" },
        }
    }
}

/// A sign for a user, so that the eye finds the next post.
pub(super) fn sign(user: Option<&Member<User>>) -> Markup {
    let letter =
        user.and_then(|user| user.value.username.chars().find(char::is_ascii_alphanumeric));
    let letter =
        letter.map_or_else(|| "–".to_owned(), |letter| letter.to_ascii_uppercase().to_string());
    html! { span.sign aria-hidden="true" { (letter) } }
}

/// A time, to the minute.
pub(super) fn time(rfc3339: &str) -> Markup {
    let shown = rfc3339.parse::<Timestamp>().ok();
    let shown = shown.map(|time| time.strftime("%-d %b %Y, %H:%M UTC").to_string());
    html! {
        @match shown {
            Some(shown) => time datetime=(rfc3339) { (shown) },
            None => (line(rfc3339)),
        }
    }
}
