//! Why a form was refused: the status, and the words.

use actix_web::http::StatusCode;
use maud::{Markup, html};

use crate::api::Refusal;

/// The status of the page that shows the form again.
pub(crate) fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::KeyUsed | Refusal::Changed => StatusCode::CONFLICT,
        Refusal::Gone => StatusCode::NOT_FOUND,
        Refusal::ReadOnly => StatusCode::FORBIDDEN,
        Refusal::NotStored => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Unknown => StatusCode::GATEWAY_TIMEOUT,
        Refusal::Failed => StatusCode::BAD_GATEWAY,
    }
}

/// What is said above the form.
pub(super) fn said(refusal: &Refusal) -> Markup {
    let (title, text) = match refusal {
        Refusal::Invalid(_) => ("Nothing was stored yet", "Mend this, and send the form again:"),
        Refusal::KeyUsed => (
            "This form was sent before, with another text",
            "That text is stored. What you see here is not. If you send it now, it is stored too.",
        ),
        Refusal::Changed => (
            "It was changed in the meantime",
            "Your text is not stored. Compare it with what is stored now. If you send the form, your text replaces that.",
        ),
        Refusal::Gone => ("It was deleted in the meantime", "Nothing was stored."),
        Refusal::ReadOnly => {
            ("The board is read-only just now", "Nothing was stored. Try again later.")
        }
        Refusal::NotStored => (
            "The board cannot store this just now",
            "Nothing was stored, and your text is still here. Send the form again in a moment.",
        ),
        Refusal::Unknown => (
            "It is not known whether this was stored",
            "The board did not answer in time. Send the form again: it is stored only once.",
        ),
        Refusal::Failed => (
            "Something went wrong",
            "The board gave an answer that this page does not understand. Your text is still here.",
        ),
    };
    html! { p.problem-title { (title) } p { (text) } }
}
