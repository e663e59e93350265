//! A page of a session, as an answer.

use crate::answer::Answer;
use crate::pages::{Main, shell};
use crate::sessions::Session;

/// The page. `stream` is the URL of its events, if it changes by itself.
pub(crate) fn shown(main: &Main, session: &Session, stream: Option<&str>) -> Answer {
    Answer::page(main.status, shell::page(main, session, stream))
}
