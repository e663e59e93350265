//! The runs of a store: whether a reader of its feed has heard of what the store does not have.

use std::error::Error;

use crate::{FeedCursor, MoveError};

/// What a reader has heard of a store's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastHeard<'a> {
    /// The run.
    pub run: &'a str,
    /// The newest place of the feed, in the last page. `None` if an older version did not write it down.
    pub latest: Option<u64>,
}

impl<'a> LastHeard<'a> {
    /// Reads what [`Changes::heard`](crate::Changes::heard) wrote.
    pub fn read(text: &'a str) -> Self {
        let both = text.split_once('.').and_then(|(run, latest)| Some((run, latest.parse().ok()?)));
        match both {
            Some((run, latest)) => Self { run, latest: Some(latest) },
            None => Self { run: text, latest: None },
        }
    }
}

/// A later part of a store's history.
#[derive(Clone, Copy, Debug)]
pub struct LaterRun {
    /// The place behind the newest one that there was when it began, or a higher one.
    pub position: u64,
    /// It purged up to this place.
    pub purged: u64,
}

/// Checks what a reader knows against the store's history after the run that it last read from. `latest` is the
/// newest place that it heard of.
///
/// # Errors
/// [`MoveError::WentBack`], [`MoveError::Purged`].
pub fn check_history<E: Error + 'static>(
    after: &FeedCursor,
    latest: u64,
    later: &[LaterRun],
) -> Result<(), MoveError<E>> {
    // Whatever it heard of was there when the next run began, unless this history is another one: places
    // never go away. That numbers have gone on since, as PostgreSQL's do, hides nothing.
    if later.iter().any(|next| next.position <= latest) {
        return Err(MoveError::WentBack);
    }
    check_purged(after, later.iter().map(|run| run.purged).max().unwrap_or(0))
}

/// Checks that no tombstone that the reader needs is gone. For a reader of whose run nothing is known,
/// that is any tombstone beyond its cursor, unless it begins.
///
/// # Errors
/// [`MoveError::Purged`].
pub fn check_purged<E: Error + 'static>(
    after: &FeedCursor,
    purged: u64,
) -> Result<(), MoveError<E>> {
    let begins = *after == FeedCursor::START;
    if purged > after.position && !begins { Err(MoveError::Purged { purged }) } else { Ok(()) }
}
