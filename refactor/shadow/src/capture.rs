//! One answer as it is kept to be compared.

use http1::ResponseHead;

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
    /// Whether it has a `Content-Encoding`: the same content may be other bytes.
    pub(crate) encoded: bool,
}

impl Capture {
    /// An answer without its body so far. `head` is the head as it came.
    pub fn new(answer: &ResponseHead<'_>, head: &[u8]) -> Self {
        let field = |name: &str| {
            let field = answer.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
            field.map(|field| String::from_utf8_lossy(field.value).into_owned())
        };
        Self {
            status: answer.status,
            content_type: field("content-type"),
            head: head.to_vec(),
            body: Vec::new(),
            cut: false,
            encoded: field("content-encoding").is_some(),
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

    /// Whether its body can be compared.
    pub(crate) fn is_comparable(&self) -> bool {
        !self.cut && !self.encoded
    }
}
