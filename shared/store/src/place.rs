//! Places in a feed, as the engines keep them: with ids for keys.

use models::MAX_ID;
use replication::{Changes, FeedCursor, Key, NotANumber, Within};

/// Up to where a feed is known: everything before the place, and of that place everything up to the row with this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FeedPlace {
    pub(crate) position: u64,
    /// 0: the mark, which comes before the rows.
    pub(crate) id: u64,
}

impl FeedPlace {
    /// All of a place.
    pub(crate) fn all(position: u64) -> Self {
        Self { position, id: MAX_ID }
    }

    /// Reads what a follower says.
    ///
    /// # Errors
    /// If its key is no id.
    pub(crate) fn read(cursor: &FeedCursor) -> Result<Self, NotANumber> {
        let id = match &cursor.within {
            Within::Mark => 0,
            Within::Row(key) => id(key)?,
            Within::All => MAX_ID,
        };
        Ok(Self { position: cursor.position, id })
    }
}

/// The id in a key. Ids are 64-bit integers that are not negative.
///
/// # Errors
/// If there is none.
pub(crate) fn id(key: &Key) -> Result<u64, NotANumber> {
    let id = key.to_number()?;
    if id <= MAX_ID { Ok(id) } else { Err(NotANumber { key: key.clone() }) }
}

/// Checks that each key of a page is one of this store's.
///
/// # Errors
/// If one is no id.
pub(crate) fn check_keys<M>(page: &Changes<M>) -> Result<(), NotANumber> {
    page.rows().try_for_each(|row| id(&row.key).map(drop))
}

impl From<FeedPlace> for FeedCursor {
    fn from(FeedPlace { position, id }: FeedPlace) -> Self {
        let within = match id {
            0 => Within::Mark,
            MAX_ID => Within::All,
            id => Within::Row(Key::number(id)),
        };
        Self { position, within }
    }
}
