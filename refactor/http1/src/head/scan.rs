//! Finds the end of a head while it arrives.

use http::StatusCode;

use crate::limits::{FIELDS_BYTES, TARGET_BYTES};
use crate::refusal::Refusal;

/// How far the head that arrives has been looked at.
#[derive(Debug, Default)]
pub struct Scan {
    /// Everything before was looked at.
    seen: usize,
    /// The line that is looked at starts here.
    line: usize,
    /// The first line ended here.
    fields: usize,
}

/// Why a head is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A line ends in a bare LF, which some programs take for the end of a line and some do not.
    BareLineFeed,
    /// The first line is too long.
    LongLine,
    /// The fields are too large.
    LargeFields,
}

impl From<Ending> for Refusal {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::BareLineFeed => {
                Self::bad_request("a line of the head does not end in CR LF (RFC 9112, 2.2)")
            }
            Ending::LongLine => Self::new(
                StatusCode::URI_TOO_LONG,
                format!("the target is longer than {TARGET_BYTES} bytes"),
            ),
            Ending::LargeFields => Self::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                format!("the fields of the request are larger than {FIELDS_BYTES} bytes"),
            ),
        }
    }
}

/// Room for a method and a version beside the target.
const LINE_BYTES: usize = TARGET_BYTES + 64;

impl Scan {
    /// The length of the head with its empty line, once all of it is there.
    ///
    /// `input` always begins with the first byte of the head.
    ///
    /// # Errors
    /// For a head that cannot become a valid one.
    pub fn find_end(&mut self, input: &[u8]) -> Result<Option<usize>, Ending> {
        while let Some(end) = input.get(self.seen..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let end = self.seen + end;
            let line = input.get(self.line..end).unwrap_or_default();
            if line.last() != Some(&b'\r') {
                return Err(Ending::BareLineFeed);
            }
            self.bound(end)?;
            (self.seen, self.line) = (end + 1, end + 1);
            if self.fields == 0 {
                self.fields = self.seen;
            } else if line.len() == 1 {
                return Ok(Some(self.seen));
            }
        }
        self.seen = input.len();
        self.bound(self.seen)?;
        Ok(None)
    }

    fn bound(&self, end: usize) -> Result<(), Ending> {
        match self.fields {
            0 if end > LINE_BYTES => Err(Ending::LongLine),
            fields if fields > 0 && end - fields > FIELDS_BYTES => Err(Ending::LargeFields),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Scan};

    #[test]
    fn the_end_is_found_however_the_head_arrives() {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET";
        for step in 1..head.len() {
            let mut scan = Scan::default();
            let ends =
                (0..=head.len()).step_by(step).find_map(|n| scan.find_end(&head[..n]).unwrap());
            assert_eq!(ends.or(scan.find_end(head).unwrap()), Some(head.len() - 3), "{step}");
        }
        assert_eq!(Scan::default().find_end(b"GET / HTTP/1.1\r\n\r\n"), Ok(Some(18)));
    }

    #[test]
    fn what_cannot_become_a_head_is_refused_at_once() {
        let refused = |head: &[u8]| Scan::default().find_end(head).unwrap_err();
        assert_eq!(refused(b"GET / HTTP/1.1\n"), Ending::BareLineFeed);
        assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: x\n"), Ending::BareLineFeed);
        assert_eq!(refused(&[b'x'; 10_400]), Ending::LongLine);
        let large = [b"GET / HTTP/1.1\r\n".to_vec(), vec![b'x'; 66_000]].concat();
        assert_eq!(refused(&large), Ending::LargeFields);
    }
}
