//! How a repeated request is known.

/// A request that is known when it comes again.
#[derive(Clone, Debug)]
pub(crate) struct ClientToken {
    /// The operation, and where it works.
    pub(crate) scope: String,
    pub(crate) token: String,
    /// What was asked for.
    pub(crate) fingerprint: Vec<u8>,
    /// Whether it is remembered for as long as what it made exists, however long that is.
    pub(crate) lasting: bool,
}
