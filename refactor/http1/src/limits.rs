//! Every bound on the size of a head, and of what frames a body.

/// The longest request target, in bytes; more is 414.
pub const TARGET_BYTES: usize = 10_240;
/// How many bytes the fields of a head may have together, unless the reader is told another number.
pub const FIELDS_BYTES: usize = 64 * 1024;
/// The most fields of a request or an answer; more is 431 or 502.
pub const FIELDS: usize = 100;
/// The size of one buffer, in bytes, unless a head needs more.
pub(crate) const BUFFER_BYTES: usize = 32 * 1024;
/// The longest line of a chunk's size with its extensions, and the largest trailer, in bytes.
pub(crate) const CHUNK_LINE_BYTES: usize = 4 * 1024;
