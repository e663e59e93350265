//! What of a page changes while it is open. A page is rendered with all its values, or as a skeleton without them; then
//! what changed since the last time is sent alone.

use std::cell::RefCell;
use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

/// The values of a page, by their ids.
pub(crate) type Values = BTreeMap<String, String>;

/// Collects the values of a page while it is made.
#[derive(Debug, Default)]
pub(crate) struct Live {
    is_skeleton: bool,
    values: RefCell<Values>,
}

impl Live {
    /// For a page without its values.
    pub(crate) fn skeleton() -> Self {
        Self { is_skeleton: true, ..Self::default() }
    }

    /// A value in a text.
    pub(crate) fn text(&self, id: &str, value: Markup) -> Markup {
        let value = self.keep(id, value);
        html! { span id=(id) { (value) } }
    }

    /// A value that stands on lines of its own.
    pub(crate) fn block(&self, id: &str, value: Markup) -> Markup {
        let value = self.keep(id, value);
        html! { div id=(id) { (value) } }
    }

    /// A part of a picture.
    pub(crate) fn drawing(&self, id: &str, value: Markup) -> Markup {
        let value = self.keep(id, value);
        html! { g id=(id) { (value) } }
    }

    fn keep(&self, id: &str, value: Markup) -> Markup {
        let shown = if self.is_skeleton { PreEscaped(String::new()) } else { value.clone() };
        self.values.borrow_mut().insert(id.to_owned(), value.into_string());
        shown
    }

    /// The values that were collected.
    pub(crate) fn into_values(self) -> Values {
        self.values.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::Live;

    #[test]
    fn a_skeleton_stays_the_same_while_values_change() {
        let page = |live: &Live, rate: u32| html! { p { (live.text("rate", html! { (rate) })) } };
        let (one, other, full) = (Live::skeleton(), Live::skeleton(), Live::default());
        let (first, second) = (page(&one, 1), page(&other, 2));
        assert_eq!(first.into_string(), second.into_string());
        assert_ne!(one.into_values(), other.into_values());
        assert_eq!(page(&full, 3).into_string(), r#"<p><span id="rate">3</span></p>"#);
    }
}
