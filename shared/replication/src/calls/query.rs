//! The queries of these paths.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::CallRefusal;
use crate::{ChangesQuery, ErrorCode};

/// The most entries of a page of the feed.
const PAGE_ENTRIES: usize = 10_000;
/// The entries of a page, if the request does not say how many.
const PAGE_ENTRIES_DEFAULT: usize = 1_000;
/// For how long an answer may wait for a change, in milliseconds.
const WAIT_MS: u64 = 10_000;
/// The most rows that are named one by one.
pub(super) const NAMED_ROWS: usize = 10_000;

/// Reads the query.
///
/// # Errors
/// 400 if it cannot be read.
pub(super) fn read<T: DeserializeOwned>(query: &str) -> Result<T, CallRefusal> {
    serde_urlencoded::from_str(query).map_err(wrong)
}

/// 400 for a query that cannot be read.
pub(super) fn wrong(what: impl std::fmt::Display) -> CallRefusal {
    CallRefusal::new(ErrorCode::Unreadable, format!("the query cannot be read: {what}"))
}

/// For how long an answer may wait for something to happen.
pub(super) fn wait(ms: u64) -> Duration {
    Duration::from_millis(ms.min(WAIT_MS))
}

/// The most entries of a page.
pub(super) fn page_entries(query: &ChangesQuery) -> usize {
    query.limit.unwrap_or(PAGE_ENTRIES_DEFAULT).clamp(1, PAGE_ENTRIES)
}

/// The store that follows with this request, and up to which place it has everything on its disk.
///
/// # Errors
/// 400 for what is no store id.
pub(super) fn follower(query: &ChangesQuery) -> Result<Option<(&str, u64)>, CallRefusal> {
    let Some(follower) = &query.follower else { return Ok(None) };
    store_id(follower).map_err(wrong)?;
    let passed = query.passed.as_ref().unwrap_or(&query.after);
    // Of the place itself there may be rows that it does not know yet.
    Ok(Some((follower, passed.position.saturating_sub(1))))
}

/// Checks that a text can be the id of a store.
pub(super) fn store_id(text: &str) -> Result<(), &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let short = (1..=64).contains(&text.len());
    if plain && short {
        Ok(())
    } else {
        Err("a follower has a store id of 1 to 64 letters and digits")
    }
}

#[cfg(test)]
mod tests {
    use super::{follower, page_entries, read, wait};
    use crate::{ChangesQuery, FeedCursor};

    fn changes(query: &str) -> Option<ChangesQuery> {
        read(query).ok()
    }

    #[test]
    fn a_feed_is_asked_for_within_limits() {
        let query = changes("").unwrap();
        assert_eq!((&query.after, page_entries(&query)), (&FeedCursor::START, 1_000));
        let query = changes("after=7:a3&limit=0&wait=99999999&follower=ab12&passed=5:").unwrap();
        assert_eq!(query.after, "7:a3".parse().unwrap());
        assert_eq!((page_entries(&query), wait(query.wait).as_secs()), (1, 10));
        assert_eq!(follower(&query).unwrap(), Some(("ab12", 4)));
        for wrong in ["after=7.3", "limit=x", "wait=-1", "afer=1:"] {
            assert!(changes(wrong).is_none(), "{wrong}");
        }
        for wrong in ["follower=", "follower=a%0Ab"] {
            assert!(follower(&changes(wrong).unwrap()).is_err(), "{wrong}");
        }
    }
}
