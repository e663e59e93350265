//! The author of something, and its time.
//!
//! A name is chosen freely, so it proves nothing. The username stands beside it: it is unique, and has plain letters only.

use jiff::Timestamp;
use maud::{Markup, html};
use models::User;

use crate::api::{Lookup, Member};
use crate::shown::line;

/// A user by name, with a link.
pub(super) fn user(user: &Member<User>) -> Markup {
    html! {
        a.user href={ "/users/" (user.id) } {
            span.name { (line(&user.value.name)) }
            " "
            span.handle { "@" (line(&user.value.username)) }
        }
    }
}

/// The user with this id, as far as it is known.
pub(super) fn author(id: u64, known: Lookup<'_, User>) -> Markup {
    html! {
        @match known {
            Lookup::Found(found) => (user(found)),
            Lookup::Gone => span.deleted { "Deleted user (no. " (id) ")" },
            Lookup::Unknown => a.user href={ "/users/" (id) } { span.handle { "User no. " (id) } },
        }
    }
}

/// A sign for a user, so that the eye finds the next post.
pub(super) fn sign(known: Lookup<'_, User>) -> Markup {
    let user = match known {
        Lookup::Found(user) => Some(user),
        Lookup::Gone | Lookup::Unknown => None,
    };
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
