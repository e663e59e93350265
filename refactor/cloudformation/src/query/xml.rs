//! Answers in the XML of the Query API.

use quick_xml::escape::escape;

use crate::id;

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

/// What an action answers, as it grows.
#[derive(Default)]
pub(super) struct Xml {
    text: String,
}

impl Xml {
    /// An element with what `content` puts into it.
    pub(super) fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.text += &format!("<{name}>");
        content(self);
        self.text += &format!("</{name}>");
    }

    /// Elements with text.
    pub(super) fn of(members: &[(&str, &str)]) -> Self {
        let mut xml = Self::default();
        members.iter().for_each(|(name, value)| xml.text(name, value));
        xml
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.element(name, |xml| xml.content(value));
    }

    /// Text. A character that XML 1.0 cannot carry becomes U+FFFD.
    pub(super) fn content(&mut self, value: &str) {
        let carried = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let value: String =
            value.chars().map(|c| if carried(c) { c } else { '\u{fffd}' }).collect();
        // A bare carriage return would come out as a line feed.
        self.text.push_str(&escape(value.as_str()).replace('\r', "&#13;"));
    }

    /// An element with text, if there is any to give.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A list of structures. It is there even when it is empty: clients count on it.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut content: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |xml| {
            for item in items {
                xml.element("member", |xml| content(xml, item));
            }
        });
    }

    /// A list of texts.
    pub(super) fn texts<T: AsRef<str>>(&mut self, name: &str, items: impl IntoIterator<Item = T>) {
        self.list(name, items, |xml, item| xml.content(item.as_ref()));
    }

    /// The whole answer. The element of the result is there even when it is empty, since clients look into it.
    pub(super) fn into_answer(self, action: &str) -> String {
        format!(
            "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{}</{action}Result>\
             <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
            self.text,
            id::uuid()
        )
    }

    /// The whole answer of a request that failed.
    pub(super) fn into_error(self) -> String {
        format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{}</ErrorResponse>", self.text)
    }
}
