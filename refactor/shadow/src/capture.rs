//! One answer as it is kept to be compared.

use http1::ResponseHead;

use super::decode::decode;

/// The largest body that is compared, in bytes; each copy under way holds two.
const COMPARED_BYTES: usize = 256 * 1024;

/// An answer, or as much of it as is compared.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// Its head as it came.
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Whether the body is larger than 256 KiB; nothing of it is here then.
    pub cut: bool,
    /// Its `Content-Encoding`, until the body is decoded.
    pub(crate) coding: Option<String>,
    /// Whether the body could not be decoded; nothing of it is here then.
    pub(crate) undecoded: bool,
}

impl Capture {
    /// An answer without its body so far. `head` is the head as it came.
    pub fn new(answer: &ResponseHead<'_>, head: &[u8]) -> Self {
        let field = |name: &str| {
            let fields = answer.fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
            let values: Vec<_> = fields.map(|field| String::from_utf8_lossy(field.value)).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        Self {
            status: answer.status,
            content_type: field("content-type"),
            head: head.to_vec(),
            body: Vec::new(),
            cut: false,
            coding: field("content-encoding"),
            undecoded: false,
        }
    }

    /// Takes the next part of the body.
    pub fn push(&mut self, part: &[u8]) {
        self.cut |= self.body.len() + part.len() > COMPARED_BYTES;
        if self.cut {
            self.body = Vec::new();
        } else {
            self.body.extend_from_slice(part);
        }
    }

    /// Puts the content of the body in its place.
    pub(crate) fn decode(&mut self) {
        if let Some(coding) = self.coding.take()
            && !self.body.is_empty()
        {
            let decoded = decode(&coding, &self.body);
            self.undecoded = decoded.is_none();
            self.body = decoded.unwrap_or_default();
        }
    }
}
