//! Fingerprints of rows, by which two stores are compared.

use replication::{Digest, Hashes, Key, Position, RowHash};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::AdapterStore;
use super::ownership::OwnershipTx;
use super::walk::{last_key, walk};
use crate::page::{Change, Row};
use crate::rows::{PINNED, columns_of, give_rows_of_all};
use crate::session::Session;
use crate::store_error::{MoveError, StoreError};

/// The most rows that are read at once.
const PORTION: usize = 2_000;

impl AdapterStore {
    /// The fingerprint of the rows with keys above `after`, up to `to`; without that, of the next `limit` rows.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn digest(
        &self,
        after: Option<&Key>,
        to: Option<&Key>,
        limit: usize,
    ) -> Result<Digest, MoveError> {
        let limit = if to.is_some() { usize::MAX } else { limit.max(1) };
        let collection = &self.inner.collection;
        self.compare(async |tx, position| {
            let (mut hasher, mut all) = (Vec::new(), Xxh3::new());
            let (mut rows, mut last) = (0_usize, None);
            let mut full = false;
            let take = |key: &str, row: &Row| {
                full = rows == limit;
                if !full {
                    all.update(&hash(&mut hasher, key, row)?.to_le_bytes());
                    rows += 1;
                    last = Some(key.to_owned());
                }
                Ok(!full)
            };
            let objects = &self.inner.objects;
            walk(tx.session, collection, objects, (after, to), take).await?;
            let mut more = full;
            if let Some(to) = to {
                let one = |_: &str, _: &Row| {
                    more = true;
                    Ok(false)
                };
                walk(tx.session, collection, objects, (Some(to), None), one).await?;
            }
            let end = last_key(tx.session, objects).await?;
            let key = |text: String| Key::try_from(text).map_err(StoreError::failed);
            Ok(Digest {
                to: last.map(key).transpose()?,
                rows: rows as u64,
                hash: format!("{:032x}", all.digest128()),
                position,
                last: !more,
                end: end.map(key).transpose()?,
            })
        })
        .await
    }

    /// The fingerprint of each row with a key above `after`, up to `to`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn hashes(&self, after: Option<&Key>, to: &Key) -> Result<Hashes, MoveError> {
        let (collection, objects) = (&self.inner.collection, &self.inner.objects);
        self.compare(async |tx, position| {
            let (mut hasher, mut rows) = (Vec::new(), Vec::new());
            let take = |key: &str, row: &Row| {
                rows.push(row_hash(&mut hasher, key, row)?);
                Ok(true)
            };
            walk(tx.session, collection, objects, (after, Some(to)), take).await?;
            Ok(Hashes { position, rows })
        })
        .await
    }

    /// The fingerprints of rows that changed last, the newest first: at most `count`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn recent(&self, count: usize) -> Result<Hashes, StoreError> {
        let sql = format!(
            "SELECT key, member, k FROM {} ORDER BY position DESC, key DESC LIMIT {count}",
            self.inner.objects.feed()
        );
        let hashes = self.compare(async |tx, position| {
            let lines = tx.session.rows("reading the newest rows", &sql, &[]).await?;
            let named =
                lines.iter().map(|line| self.change_of(line.get(0), line.get(1), line.get(2)));
            let named = named.collect::<Result<Vec<_>, _>>()?;
            Ok(Hashes { position, rows: self.hash_each(tx.session, named).await? })
        });
        hashes.await.map_err(|error| match error {
            MoveError::Store(error) => error,
            refused => StoreError::failed(refused),
        })
    }

    /// The fingerprints of those of these rows that exist.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn named(&self, keys: &[Key]) -> Result<Hashes, MoveError> {
        self.compare(async |tx, position| {
            // A key that names no row of these tables has none.
            let named = keys.iter().filter_map(|key| {
                let (member, columns) =
                    crate::read_key::read(&self.inner.collection.members, key.as_str())?;
                let number = member.number;
                Some(Change { position: 0, key: key.clone(), member: number, columns, row: None })
            });
            let rows = self.hash_each(tx.session, named.collect()).await?;
            Ok(Hashes { position, rows })
        })
        .await
    }

    fn change_of(
        &self,
        key: String,
        member: i16,
        columns: Vec<String>,
    ) -> Result<Change, StoreError> {
        let key = Key::try_from(key).map_err(StoreError::failed)?;
        Ok(Change { position: 0, key, member, columns, row: None })
    }

    async fn hash_each(
        &self,
        session: &Session,
        mut named: Vec<Change>,
    ) -> Result<Vec<RowHash>, StoreError> {
        let members = &self.inner.collection.members;
        let columns = columns_of(session, members).await?;
        let (mut hasher, mut hashes) = (Vec::new(), Vec::new());
        for portion in named.chunks_mut(PORTION) {
            give_rows_of_all(session, members, &columns, portion).await?;
            for change in portion {
                if let Some(row) = change.row.take() {
                    hashes.push(row_hash(&mut hasher, change.key.as_str(), &row)?);
                }
            }
        }
        Ok(hashes)
    }

    /// Reads in one snapshot. No reader of the feed waits for it, except for a moment at first.
    async fn compare<T>(
        &self,
        work: impl AsyncFnOnce(&OwnershipTx<'_>, Position) -> Result<T, StoreError>,
    ) -> Result<T, MoveError> {
        let inner = &*self.inner;
        inner
            .sessions
            .with(async |session| {
                inner.feed.fold_all(session).await.map_err(StoreError::from)?;
                let tables: Vec<_> =
                    inner.collection.members.iter().map(|member| member.sql()).collect();
                let begin = format!(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '10s'; {PINNED}; \
                     LOCK TABLE {} IN ACCESS SHARE MODE",
                    tables.join(", ")
                );
                session.batch("beginning a comparison", &begin).await?;
                let done = async {
                    let tx = OwnershipTx::load(session, &inner.statements).await?;
                    let position = tx.document.position(tx.facts.position);
                    work(&tx, position).await
                };
                let done = done.await;
                session.roll_back().await;
                Ok(done?)
            })
            .await
    }
}

/// The fingerprint of a row: XXH3 (128 bits) over the key, a byte that no key has, no rev, no times, and the columns as
/// JSON in the order of their names.
fn hash(bytes: &mut Vec<u8>, key: &str, row: &Row) -> Result<u128, StoreError> {
    bytes.clear();
    bytes.extend(key.as_bytes());
    bytes.push(0xff);
    bytes.extend([0; 3 * size_of::<u64>()]);
    serde_json::to_writer(&mut *bytes, row).map_err(StoreError::failed)?;
    Ok(xxh3_128(bytes))
}

fn row_hash(bytes: &mut Vec<u8>, key: &str, row: &Row) -> Result<RowHash, StoreError> {
    let hash = format!("{:032x}", hash(bytes, key, row)?);
    let key = Key::try_from(key.to_owned()).map_err(StoreError::failed)?;
    Ok(RowHash { key, rev: 0, hash })
}
