//! Whether two answers to the same request say the same.

use std::fmt;

use serde_json::Value;

use super::capture::Capture;
use super::pointer::{Pointer, PointerStep};

/// The most places that are told where two answers differ.
const PLACES: usize = 20;

/// What came out of a comparison.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Same,
    /// Their status and content type are the same; a body is larger than what is compared.
    SameInPart,
    /// Their status and content type are the same; a body could not be decoded.
    Undecoded,
    /// The places that differ, at most [`PLACES`].
    Different(Vec<DifferingPart>),
}

/// A place in which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferingPart {
    /// The status.
    Status,
    /// The media type, with its parameters.
    ContentType,
    /// The bodies, as bytes.
    Body,
    /// A place in the documents that the bodies are.
    Document(DocumentChange),
}

/// A place in two documents that has another value in each, or none in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentChange {
    pub(crate) at: Pointer,
    /// The places like it, whatever the index in an array.
    pub(crate) alike: Pointer,
    /// Whether a single value is another one, and the documents have the same shape here.
    pub(crate) is_value: bool,
}

impl fmt::Display for DifferingPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::ContentType => f.write_str("contentType"),
            Self::Body => f.write_str("body"),
            Self::Document(change) if change.at == Pointer::default() => f.write_str("body"),
            Self::Document(change) => change.at.fmt(f),
        }
    }
}

/// Compares status and content type, and bodies that are there whole: JSON by its structure, but for what
/// the pointers leave out, anything else by its bytes.
pub(crate) fn compare(answer: &Capture, copy: &Capture, ignored: &[Pointer]) -> Compared {
    let mut places = Vec::new();
    if answer.status != copy.status {
        places.push(DifferingPart::Status);
    }
    if media_type(answer) != media_type(copy) {
        places.push(DifferingPart::ContentType);
    }
    let (cut, undecoded) = (answer.cut || copy.cut, answer.undecoded || copy.undecoded);
    let whole = !cut && !undecoded;
    if whole && answer.body != copy.body {
        match (document(answer), document(copy)) {
            (Some(left), Some(right)) => {
                let mut walk = DocumentWalk { ignored, place: Vec::new(), found: &mut places };
                walk.values(&left, &right);
            }
            _ => places.push(DifferingPart::Body),
        }
    }
    match places.is_empty() {
        false => Compared::Different(places),
        true if undecoded => Compared::Undecoded,
        true if cut => Compared::SameInPart,
        true => Compared::Same,
    }
}

/// The media type (RFC 9110, 8.3.1) without what means nothing in it: case, and space around parameters.
fn media_type(capture: &Capture) -> Option<String> {
    let parts = capture.content_type.as_deref()?.split(';').map(str::trim);
    Some(parts.collect::<Vec<_>>().join(";").to_ascii_lowercase())
}

/// The body as a document, if it is said to be JSON (RFC 8259; RFC 6838, 4.2.8) and is.
fn document(capture: &Capture) -> Option<Value> {
    let media_type = media_type(capture)?;
    let essence = media_type.split(';').next().unwrap_or_default();
    let said = essence == "application/json" || essence.ends_with("+json");
    said.then(|| serde_json::from_slice(&capture.body).ok())?
}

/// Two documents, walked side by side. As deep as serde_json reads: 128 levels.
struct DocumentWalk<'a, 'd> {
    ignored: &'a [Pointer],
    place: Vec<PointerStep<'d>>,
    found: &'a mut Vec<DifferingPart>,
}

impl<'d> DocumentWalk<'_, 'd> {
    fn values(&mut self, left: &'d Value, right: &'d Value) {
        match (left, right) {
            (Value::Object(left), Value::Object(right)) => {
                for (name, value) in left {
                    self.step(PointerStep::Member(name), Some(value), right.get(name));
                }
                for (name, value) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
                    self.step(PointerStep::Member(name), None, Some(value));
                }
            }
            (Value::Array(left), Value::Array(right)) => {
                for index in 0..left.len().max(right.len()) {
                    self.step(PointerStep::Element(index), left.get(index), right.get(index));
                }
            }
            _ if left == right => {}
            _ => self.found(!is_container(left) && !is_container(right)),
        }
    }

    fn step(&mut self, step: PointerStep<'d>, left: Option<&'d Value>, right: Option<&'d Value>) {
        if self.found.len() >= PLACES {
            return;
        }
        self.place.push(step);
        if !self.ignored.iter().any(|pointer| pointer.is_at(&self.place)) {
            match (left, right) {
                (Some(left), Some(right)) => self.values(left, right),
                _ => self.found(false),
            }
        }
        self.place.pop();
    }

    fn found(&mut self, is_value: bool) {
        let (at, alike) = (Pointer::of(&self.place), Pointer::alike(&self.place));
        self.found.push(DifferingPart::Document(DocumentChange { at, alike, is_value }));
    }
}

fn is_container(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

#[cfg(test)]
mod tests {
    use super::{Capture, Compared, PLACES, Pointer, compare};

    fn capture(status: u16, content_type: &str, body: &str) -> Capture {
        let content_type = (!content_type.is_empty()).then(|| content_type.to_owned());
        Capture { status, content_type, body: body.as_bytes().to_vec(), ..Capture::default() }
    }

    fn differ(left: &Capture, right: &Capture, ignored: &str) -> String {
        let ignored = Pointer::list(ignored).unwrap();
        let words = |verdict| match verdict {
            Compared::Same => "same".to_owned(),
            Compared::SameInPart => "in part".to_owned(),
            Compared::Undecoded => "undecoded".to_owned(),
            Compared::Different(places) => {
                places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
        };
        let both = (compare(left, right, &ignored), compare(right, left, &ignored));
        if !matches!(both.0, Compared::Different(_)) {
            assert_eq!(both.0, both.1);
        }
        words(both.0)
    }

    #[test]
    fn documents_are_compared_by_what_they_say() {
        for (left, right, ignored, expected) in [
            (r#"{"a":1,"b":2}"#, r#"{ "b" : 2, "a" : 1 }"#, "", "same"),
            (r#""\u00e9""#, "\"é\"", "", "same"),
            ("[1,2]", "[2,1]", "", "/0 /1"),
            ("1", "2", "", "body"),
            ("1", "1.0", "", "body"),
            ("[]", "{}", "", "body"),
            (r#"{"a":null}"#, "{}", "", "/a"),
            (r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#, "", "/a/b"),
            (r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#, "/a", "same"),
            (r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#, "/b /a/b/c", "/a/b"),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, "/b", "same"),
            (
                r#"[{"n":1,"t":1},{"n":2,"t":2}]"#,
                r#"[{"n":1,"t":3},{"n":3,"t":4}]"#,
                "/-/t",
                "/1/n",
            ),
            (r#"[{"t":1},{"t":2}]"#, r#"[{"t":3},{"t":4}]"#, "/1/t", "/0/t"),
            ("[1]", "[1,2]", "", "/1"),
            ("[1]", "[1,2]", "/-", "same"),
            (r#"{"a/b":1,"c~d":1}"#, r#"{"a/b":2,"c~d":2}"#, "/a~1b", "/c~0d"),
            ("{", "{", "", "same"),
            ("{", "[", "", "body"),
        ] {
            let (left, right) = (
                capture(200, "application/json", left),
                capture(200, "application/json; charset=utf-8", right),
            );
            let right = Capture { content_type: left.content_type.clone(), ..right };
            assert_eq!(differ(&left, &right, ignored), expected);
        }
    }

    #[test]
    fn status_and_content_type_are_compared_and_other_bodies_by_their_bytes() {
        let one = capture(200, "text/plain; charset=utf-8", "a");
        for (other, expected) in [
            (capture(200, "text/plain; charset=utf-8", "a"), "same"),
            (capture(200, "Text/Plain;charset=UTF-8", "a"), "same"),
            (capture(200, "text/plain; charset=utf-8", "b"), "body"),
            (capture(200, "text/plain", "a"), "contentType"),
            (capture(200, "", "a"), "contentType"),
            (capture(404, "application/json", "{}"), "status contentType body"),
        ] {
            assert_eq!(differ(&one, &other, ""), expected);
        }
        let patch = |body| capture(200, "application/problem+json", body);
        assert_eq!(differ(&patch("[ ]"), &patch("[]"), ""), "same");
        let none = capture(304, "", "");
        assert_eq!(differ(&none, &none, ""), "same");
    }

    #[test]
    fn what_is_not_there_whole_is_compared_in_part() {
        let whole = capture(200, "text/plain", "a");
        for (other, expected) in [
            (Capture { cut: true, ..capture(200, "text/plain", "") }, "in part"),
            (Capture { undecoded: true, ..capture(200, "text/plain", "") }, "undecoded"),
        ] {
            assert_eq!(differ(&whole, &other, ""), expected);
            let other = Capture { status: 500, ..other };
            assert_eq!(differ(&whole, &other, ""), "status");
        }
    }

    #[test]
    fn only_so_many_places_are_told() {
        let list = |value| serde_json::Value::from(vec![value; 10 * PLACES]).to_string();
        let (left, right) = (
            capture(200, "application/json", &list(1)),
            capture(200, "application/json", &list(2)),
        );
        assert_eq!(differ(&left, &right, "").split(' ').count(), PLACES);
    }
}
