//! Finds the end of a body (RFC 9112, 6 and 7), and reads strictly.

use crate::limits::CHUNK_LINE_BYTES;

/// How the bytes of a body follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes more; 0: the body is over.
    Length(u64),
    /// Chunks, and which part of one comes next.
    Chunked(ChunkPart),
    /// Whatever comes until the connection ends; answers only.
    UntilClose,
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkPart {
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The CR LF behind the bytes of a chunk.
    DataEnd,
    /// Lines of trailers, and how many bytes of them were read.
    Trailer(usize),
    /// Nothing: the body is over.
    Over,
}

/// The body is not as RFC 9112 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// The next bytes of a body: some that only frame it, and then some of its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyPiece {
    /// How many bytes only frame the body.
    pub framing: usize,
    /// How many bytes behind those are content.
    pub content: usize,
}

impl Framing {
    /// No body.
    pub const NONE: Self = Self::Length(0);
    /// A chunked body, from its beginning.
    pub const CHUNKED: Self = Self::Chunked(ChunkPart::Size);

    /// Whether nothing of the body is left.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(ChunkPart::Over))
    }

    /// The next piece within `input`; an empty one asks for more input.
    ///
    /// # Errors
    /// Chunks that are not exactly as RFC 9112, 7.1 has them.
    pub fn next(&mut self, input: &[u8]) -> Result<BodyPiece, Malformed> {
        match self {
            Self::UntilClose => Ok(BodyPiece { framing: 0, content: input.len() }),
            Self::Length(left) => Ok(BodyPiece { framing: 0, content: take(left, input.len()) }),
            Self::Chunked(part) => part.next(input),
        }
    }
}

impl ChunkPart {
    /// Goes on only with what is valid: after an error the same input gives the same error.
    fn next(&mut self, input: &[u8]) -> Result<BodyPiece, Malformed> {
        let mut next = *self;
        let piece = next.advance(input)?;
        *self = next;
        Ok(piece)
    }

    fn advance(&mut self, input: &[u8]) -> Result<BodyPiece, Malformed> {
        let mut framing = 0;
        loop {
            let rest = input.get(framing..).unwrap_or_default();
            match self {
                Self::Data(left) => {
                    let content = take(left, rest.len());
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    return Ok(BodyPiece { framing, content });
                }
                Self::DataEnd => match rest {
                    [b'\r', b'\n', ..] => {
                        framing += 2;
                        *self = Self::Size;
                    }
                    [] | [b'\r'] => break,
                    _ => return Err(Malformed("a chunk is longer than its size")),
                },
                Self::Size => {
                    let Some(line) = line(rest)? else { break };
                    framing += line.len() + 2;
                    *self = match chunk_size(line)? {
                        0 => Self::Trailer(0),
                        size => Self::Data(size),
                    };
                }
                Self::Trailer(read) => {
                    let Some(line) = line(rest)? else { break };
                    framing += line.len() + 2;
                    *read += line.len() + 2;
                    if *read > CHUNK_LINE_BYTES {
                        return Err(Malformed("the trailers are too large"));
                    }
                    if line.is_empty() {
                        *self = Self::Over;
                        break;
                    }
                }
                Self::Over => break,
            }
        }
        Ok(BodyPiece { framing, content: 0 })
    }
}

fn take(left: &mut u64, available: usize) -> usize {
    let content = usize::try_from(*left).unwrap_or(usize::MAX).min(available);
    *left -= content as u64;
    content
}

/// The first line without its end, once it is there.
fn line(input: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let end = memchr::memchr2(b'\r', b'\n', input);
    if end.unwrap_or(input.len()) > CHUNK_LINE_BYTES {
        return Err(Malformed("a line between chunks is too long"));
    }
    let Some((line, after)) = end.and_then(|end| input.split_at_checked(end)) else {
        return Ok(None);
    };
    match after {
        [b'\r', b'\n', ..] => Ok(Some(line)),
        [b'\r'] => Ok(None),
        _ => Err(Malformed("a line between chunks does not end in CR LF")),
    }
}

/// The size of a chunk (RFC 9112, 7.1): hexadecimal digits, and blanks before an extension. Old programs pad the size
/// with blanks to a fixed width; those are taken too, and are not passed on.
fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let invalid = Malformed("the size of a chunk is not a hexadecimal number");
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extension) = line.split_at_checked(digits).ok_or(invalid)?;
    let extension = match extension.iter().position(|byte| !b" \t".contains(byte)) {
        Some(start) => extension.get(start..).unwrap_or_default(),
        None => &[],
    };
    if !(1..=15).contains(&digits.len()) {
        return Err(invalid);
    }
    let control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if !extension.is_empty() && (!extension.starts_with(b";") || extension.iter().any(control)) {
        return Err(invalid);
    }
    let value = |byte: &u8| char::from(*byte).to_digit(16).map(u64::from);
    digits.iter().try_fold(0, |size, byte| Some(size * 16 + value(byte)?)).ok_or(invalid)
}

#[cfg(test)]
mod tests {
    use super::{Framing, Malformed};

    /// The content of a chunked body that arrives `step` bytes at a time, and what is left after it.
    fn read(input: &[u8], step: usize) -> Result<(Vec<u8>, usize), Malformed> {
        let mut framing = Framing::CHUNKED;
        let (mut content, mut used, mut there) = (Vec::new(), 0, 0);
        while !framing.is_over() {
            let piece = framing.next(&input[used..there])?;
            let start = used + piece.framing;
            content.extend_from_slice(&input[start..start + piece.content]);
            used = start + piece.content;
            if piece == super::BodyPiece::default() {
                assert!(there < input.len(), "more was asked for");
                there = (there + step).min(input.len());
            }
        }
        Ok((content, input.len() - used))
    }

    #[test]
    fn chunks_are_read_however_they_arrive() {
        let input = b"3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nNEXT";
        for step in 1..=input.len() {
            assert_eq!(read(input, step), Ok((b"abc0123456789".to_vec(), 4)), "{step}");
        }
        assert_eq!(read(b"0\r\n\r\n", 9), Ok((Vec::new(), 0)));
    }

    #[test]
    fn a_size_may_have_blanks_behind_it() {
        for size in ["5 ", "5  ", "5\t", "5 ;a=b", "5\t;\ta = \"b;c\"", "0005 "] {
            let input = format!("{size}\r\nhello\r\n0  \r\n\r\n").into_bytes();
            assert_eq!(read(&input, input.len()), Ok((b"hello".to_vec(), 0)), "{size:?}");
        }
    }

    #[test]
    fn chunks_that_two_programs_could_read_in_two_ways_are_refused() {
        for input in [
            &b"3\nabc\r\n0\r\n\r\n"[..],
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"3\r\nabc\n0\r\n\r\n",
            b"0x3\r\nabc\r\n",
            b"-3\r\nabc\r\n",
            b"+3\r\nabc\r\n",
            b" 3\r\nabc\r\n",
            b"3 5\r\nabc\r\n",
            b"3 \x0b\r\nabc\r\n",
            b" \r\nabc\r\n",
            b"3\r\nabc \r\n",
            b"\r\nabc\r\n",
            b"3;a\rb\r\nabc\r\n",
            b"3;a\0b\r\nabc\r\n",
            b"1000000000000000\r\nabc\r\n",
            b"ffffffffffffffffff\r\nabc\r\n",
            b"0\r\nTrailer: x\n\r\n",
        ] {
            assert!(read(input, input.len()).is_err(), "{}", input.escape_ascii());
        }
        // What follows is never taken for the rest of the body, or for the next request.
        let (mut framing, input) = (Framing::CHUNKED, b"3\r\nabc\r\n0\r\n\nGET / HTTP/1.1\r\n\r\n");
        let piece = framing.next(input).unwrap();
        let rest = &input[piece.framing + piece.content..];
        assert!(framing.next(rest).is_err() && framing.next(rest).is_err());
        assert!(!framing.is_over());
        let endless = [b"1;".to_vec(), vec![b'x'; 5_000]].concat();
        assert!(read(&endless, endless.len()).is_err());
        let trailers = [b"0\r\n".to_vec(), b"X: y\r\n".repeat(1_000)].concat();
        assert!(read(&trailers, trailers.len()).is_err());
    }
}
