//! Finds the end of a head while it arrives.

use crate::limits::TARGET_BYTES;

/// How far the head that arrives has been looked at.
#[derive(Debug)]
pub struct Scan {
    /// The most bytes of fields.
    most: usize,
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
    /// The first line is too long for a target of 10,240 bytes.
    LongLine,
    /// The fields are larger than they may be.
    LargeFields,
}

/// Room for a method and a version beside the target.
const LINE_BYTES: usize = TARGET_BYTES + 64;
/// The empty line that ends a head.
const END_BYTES: usize = 2;

impl Scan {
    /// For a head whose fields may have `most` bytes together, with the ends of their lines.
    pub fn new(most: usize) -> Self {
        Self { most, seen: 0, line: 0, fields: 0 }
    }

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
            self.bound(end + 1)?;
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
            fields if fields > 0 && end - fields > self.most.saturating_add(END_BYTES) => {
                Err(Ending::LargeFields)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Scan};
    use crate::FIELDS_BYTES;

    fn scan() -> Scan {
        Scan::new(FIELDS_BYTES)
    }

    #[test]
    fn the_end_is_found_however_the_head_arrives() {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET";
        for step in 1..head.len() {
            let mut scan = scan();
            let ends =
                (0..=head.len()).step_by(step).find_map(|n| scan.find_end(&head[..n]).unwrap());
            assert_eq!(ends.or(scan.find_end(head).unwrap()), Some(head.len() - 3), "{step}");
        }
        assert_eq!(scan().find_end(b"GET / HTTP/1.1\r\n\r\n"), Ok(Some(18)));
    }

    #[test]
    fn what_cannot_become_a_head_is_refused_at_once() {
        let refused = |head: &[u8]| scan().find_end(head).unwrap_err();
        assert_eq!(refused(b"GET / HTTP/1.1\n"), Ending::BareLineFeed);
        assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: x\n"), Ending::BareLineFeed);
        assert_eq!(refused(&[b'x'; 10_400]), Ending::LongLine);
        let large = [b"GET / HTTP/1.1\r\n".to_vec(), vec![b'x'; 66_000]].concat();
        assert_eq!(refused(&large), Ending::LargeFields);
    }

    #[test]
    fn fields_may_have_as_many_bytes_as_is_said_however_they_arrive() {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
        let fields = "Host: x\r\nA: b\r\n".len();
        for step in 1..=head.len() {
            let end = |most| {
                let mut scan = Scan::new(most);
                let whole = std::iter::once(head.len());
                let mut parts = (0..head.len()).step_by(step).chain(whole);
                parts.find_map(|n| scan.find_end(&head[..n]).transpose())
            };
            assert_eq!(end(fields), Some(Ok(head.len())), "{step}");
            assert_eq!(end(fields - 1), Some(Err(Ending::LargeFields)), "{step}");
        }
    }
}
