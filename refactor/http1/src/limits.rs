//! Every bound on the size of a head, and of what frames a body.

/// The longest request target, in bytes; more is 414.
pub(crate) const TARGET_BYTES: usize = 10_240;
/// The largest fields of a request or an answer, together, in bytes; more is 431 or 502.
pub const FIELDS_BYTES: usize = 64 * 1024;
/// The most fields of a request or an answer.
pub(crate) const FIELDS: usize = 100;
/// The size of one buffer, in bytes, unless a head needs more.
pub(crate) const BUFFER_BYTES: usize = 32 * 1024;
/// The longest line of a chunk's size with its extensions, and the largest trailer, in bytes.
pub(crate) const CHUNK_LINE_BYTES: usize = 4 * 1024;
