//! What the URL of a page names.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::form_urlencoded;

/// What stands in a part of a path as it is (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// `/`: what stands out, the picture, the routes: the page of that number, of those whose text has the filter.
    Home { filter: String, page: usize },
    /// `/applications/{id}`, with the same page and filter.
    Application { id: String, filter: String, page: usize },
    /// `/routes/{id}`
    Route(String),
    /// `/routes/{id}/shares`
    Shares(String),
    /// `/moves/{application}/{collection}`
    Move { application: String, collection: String },
    /// `/moves/{application}/{collection}/{verb}`: asks before it acts.
    Command { application: String, collection: String, verb: String, force: bool },
    /// `/operations/{id}`
    Operation(String),
    /// `/history`
    History,
    /// `/stacks`
    Stacks,
    /// `/stacks/{arn}`
    Stack(String),
}

impl View {
    /// The page at a path below `/console`, as it was sent.
    pub(crate) fn of(path: &str, query: &str) -> Option<Self> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().ok().map(Into::into);
        let parts: Vec<String> =
            path.trim_start_matches('/').split('/').map(decoded).collect::<Option<_>>()?;
        let field = |name: &str| {
            let mut fields = form_urlencoded::parse(query.as_bytes());
            fields.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
        };
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let own = |text: &str| text.to_owned();
        let filter = || field("filter").unwrap_or_default();
        let page = || field("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        Some(match *parts {
            [""] => Self::Home { filter: filter(), page: page() },
            ["history"] => Self::History,
            ["stacks"] => Self::Stacks,
            ["stacks", id] => Self::Stack(own(id)),
            ["applications", id] => {
                Self::Application { id: own(id), filter: filter(), page: page() }
            }
            ["routes", id] => Self::Route(own(id)),
            ["routes", id, "shares"] => Self::Shares(own(id)),
            ["operations", id] => Self::Operation(own(id)),
            ["moves", application, collection] => {
                Self::Move { application: own(application), collection: own(collection) }
            }
            ["moves", application, collection, verb] => Self::Command {
                application: own(application),
                collection: own(collection),
                verb: own(verb),
                force: field("force").is_some(),
            },
            _ => return None,
        })
    }

    /// Whether the page changes by itself. A page with a form stays as it is.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self, Self::Shares(_) | Self::Command { .. } | Self::Stack(_))
    }
}

/// The URL of a page, from its parts.
pub(crate) fn link(parts: &[&str]) -> String {
    format!("/console{}", path(parts))
}

/// A path, from its parts.
pub(crate) fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", utf8_percent_encode(part, ENCODED))).collect()
}

#[cfg(test)]
mod tests {
    use super::{View, link};

    #[test]
    fn a_link_leads_to_what_it_names() {
        let name = "a/b ?%\u{202e}<";
        let path = link(&["moves", "app-1", name]);
        let path = path.strip_prefix("/console").unwrap();
        let (application, collection) = ("app-1".to_owned(), name.to_owned());
        assert_eq!(View::of(path, ""), Some(View::Move { application, collection }));
        for none in ["/no", "/moves/a", "/routes/a/b", "/moves/a/b/c/d", "/routes/%ff"] {
            assert_eq!(View::of(none, ""), None, "{none}");
        }
    }
}
