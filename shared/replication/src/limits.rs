//! The limits of what moves.

use std::time::Duration;

/// The longest that writes can be fenced at once. A store whose clock is set back is never fenced longer.
pub const MAX_FENCE: Duration = Duration::from_secs(60);

/// For how long a deleted row is kept at least, so that followers can hear of it.
pub const MIN_TOMBSTONE_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A page of the feed ends early once its contents take this much.
pub const MAX_FEED_BYTES: usize = 4 * 1024 * 1024;
