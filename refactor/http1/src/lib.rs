//! The syntax of HTTP/1.1 (RFC 9112), read so strictly that no two programs can take a message for different ones.
//!
//! Nothing here opens a socket or knows where a request goes. A reader keeps what arrives in a [`Buffer`], finds the end
//! of the head with [`Scan`], reads the head with [`RequestHead`] or [`ResponseHead`], and its body with [`Framing`],
//! which says of each byte whether it is content. `write_*` write what goes out. What a head or a body cannot be is
//! refused: see [`RefusedRequest`] for requests, and [`Malformed`] for answers and bodies.
//!
//! ```
//! use http1::{FIELDS_BYTES, Framing, RequestHead, Scan};
//!
//! let arrived = b"POST /users HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\n{}GET /";
//! let end = Scan::new(FIELDS_BYTES).find_end(arrived).unwrap().expect("the whole head arrived");
//! let (head, rest) = arrived.split_at(end);
//! let head = RequestHead::parse(head).unwrap();
//! assert_eq!((head.method.as_str(), head.target, head.host), ("POST", "/users", "example.com"));
//!
//! let mut body = head.body;
//! assert_eq!(body, Framing::Length(2));
//! let piece = body.next(rest).unwrap();
//! assert_eq!((piece.framing, piece.content, body.is_over()), (0, 2, true));
//!
//! let unclear = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n";
//! assert_eq!(RequestHead::parse(unclear).unwrap_err().status, 400);
//! ```

mod buffer;
mod framing;
mod head;
mod limits;
mod refusal;
mod wire;

pub use buffer::Buffer;
pub use framing::{BodyPiece, ChunkPart, Framing, Malformed};
pub use head::{
    Ending, FieldKind, HeaderField, RequestHead, ResponseHead, Scan, Status, Version, interim,
};
pub use limits::{FIELDS, FIELDS_BYTES, TARGET_BYTES};
pub use refusal::RefusedRequest;
pub use wire::{write_address, write_chunk, write_field, write_joined, write_number};
