//! The change feed, and fingerprints to compare two stores by.

use models::{Collection, Content};
use tokio::sync::watch;

use super::{Engine, Store};
use crate::place::{FeedPlace, id};
use crate::{
    BlockingTransaction, Changes, Digest, FeedCursor, Hashes, Heard, Key, MoveError, StoreError,
};

impl Store {
    /// At most `limit` entries of the feed after a cursor, out of one snapshot. Reads what it gives and a
    /// bounded number of others, wherever it starts.
    ///
    /// `heard` is [`Changes::heard`] of the last page. With it the store sees whether it was put back to an older
    /// state since.
    ///
    /// # Errors
    /// [`MoveError::WentBack`], [`MoveError::Purged`], [`MoveError::Key`], or if the store cannot be read.
    pub async fn changes(
        &self,
        collection: &Collection,
        after: &FeedCursor,
        heard: Option<&str>,
        limit: usize,
    ) -> Result<Changes<Content>, MoveError> {
        let (table, after) = (self.tables.find(collection)?, FeedPlace::read(after)?);
        each!(self, engine => engine.changes(table, after, heard, limit).await)
    }

    /// Hears after each commit of this program how far the store is. It does not hear what other programs commit to
    /// a PostgreSQL database, nor that a place there has its turn: to wait for these, look again now and then.
    pub fn changed(&self, collection: &Collection) -> watch::Receiver<Heard> {
        match self.tables.find(collection) {
            Ok(table) => table.position_watch.changed(),
            // Never wakes any task.
            Err(_) => watch::Sender::new(Heard::default()).subscribe(),
        }
    }

    /// The transaction that has kept the feeds from going on for more than a second. `None` on SQLite.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn blocked_by(&self) -> Result<Option<BlockingTransaction>, StoreError> {
        each!(self, engine => engine.blocked_by().await)
    }

    /// The fingerprint of the living rows with keys above `after`, up to `to`; without that, of the next
    /// `limit` rows. Holds one row in memory at a time.
    ///
    /// # Errors
    /// [`MoveError::Key`], or if the store cannot be read.
    pub async fn digest(
        &self,
        collection: &Collection,
        after: Option<&Key>,
        to: Option<&Key>,
        limit: usize,
    ) -> Result<Digest, MoveError> {
        let table = self.tables.find(collection)?;
        let (after, to) = (after.map_or(Ok(0), id)?, to.map(id).transpose()?);
        Ok(each!(self, engine => engine.digest(table, after, to, limit).await)?)
    }

    /// The fingerprint of each living row with a key above `after`, up to `to`.
    ///
    /// # Errors
    /// [`MoveError::Key`], or if the store cannot be read.
    pub async fn hashes(
        &self,
        collection: &Collection,
        after: Option<&Key>,
        to: &Key,
    ) -> Result<Hashes, MoveError> {
        let table = self.tables.find(collection)?;
        let (after, to) = (after.map_or(Ok(0), id)?, id(to)?);
        Ok(each!(self, engine => engine.hashes(table, after, to).await)?)
    }

    /// The fingerprints of the `count` living rows that changed last, the newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn recent(
        &self,
        collection: &Collection,
        count: usize,
    ) -> Result<Hashes, StoreError> {
        let table = self.tables.find(collection)?;
        each!(self, engine => engine.recent(table, count).await)
    }

    /// The fingerprints of those of these rows that live, in the order of the keys given.
    ///
    /// # Errors
    /// [`MoveError::Key`], or if the store cannot be read.
    pub async fn row_hash(
        &self,
        collection: &Collection,
        keys: &[Key],
    ) -> Result<Hashes, MoveError> {
        let table = self.tables.find(collection)?;
        let ids = keys.iter().map(id).collect::<Result<Vec<_>, _>>()?;
        Ok(each!(self, engine => engine.row_hash(table, &ids).await)?)
    }
}
