//! A page that says what went wrong.

use maud::{Markup, html};

use super::shell;

/// What went wrong, and what to do next.
pub(crate) fn page(title: &str, text: &str) -> Markup {
    shell::alone(
        title,
        &html! {
            div class="note bad" role="alert" { p { (text) } }
            p { a href="/console/" { "To the overview" } }
        },
    )
}
