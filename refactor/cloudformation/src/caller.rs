//! The sender of a request.

/// The sender of a request, as its signature names it. There is one account.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The region of the signature: any word.
    pub region: String,
}
