//! The content of a page.

use maud::{Markup, html};

/// The content of a page.
pub(crate) struct Main {
    pub(crate) status: u16,
    pub(crate) title: String,
    pub(crate) body: Markup,
}

impl Main {
    /// A page that shows what it names.
    pub(crate) fn new(title: impl Into<String>, body: Markup) -> Self {
        Self { status: 200, title: title.into(), body }
    }

    /// What a page says that names something which is not there.
    pub(crate) fn missing(what: &str) -> Self {
        let body = html! {
            h1 { "Not found" }
            p { (what) }
            p { a href="/console/" { "To the overview" } }
        };
        Self { status: 404, title: "Not found".to_owned(), body }
    }
}
