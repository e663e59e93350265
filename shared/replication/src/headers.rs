//! The headers that a collection and its clients say more with.

/// On every answer of a collection: the [`Position`](crate::Position) of the store. On a read: how far the store must
/// have come.
pub const POSITION: &str = "banyan-position";

/// On an answer of a follower, and on a refusal of a store that is not primary: the collection's URL at the primary.
pub const PRIMARY: &str = "banyan-primary";

/// On a 404: the member that there is not.
pub const MISSING: &str = "banyan-missing";

/// On a read that only the primary is to answer. Its only value is [`READ_PRIMARY`].
pub const READ: &str = "banyan-read";

/// The value of [`READ`].
pub const READ_PRIMARY: &str = "primary";
