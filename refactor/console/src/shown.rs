//! A page of a session, as an answer.

use maud::html;

use crate::answer::Answer;
use crate::pages::{Main, shell};
use crate::sessions::Session;

/// The page. `stream` is the URL of its events, if it changes by itself.
pub(crate) fn shown(main: &Main, session: &Session, stream: Option<&str>) -> Answer {
    Answer::page(main.status, shell::page(main, session, stream))
}

/// A page that says what was not done, and why.
pub(crate) fn told(session: &Session, status: u16, title: &str, why: &str) -> Answer {
    let body = html! {
        h1 { (title) }
        div class="note bad" role="alert" { p { (why) } }
        p { a href="/console/" { "To the overview" } }
    };
    shown(&Main { status, title: title.to_owned(), body }, session, None)
}
