//! Applying a page of another store's feed.

use std::sync::Arc;

use models::{Cell, Content};
use rusqlite::{CachedStatement, Connection, params};

use super::SqliteStore;
use super::error::{store_error, write_error};
use super::ownership::{OwnershipTx, run};
use crate::crash_point::fault;
use crate::place::{check_keys, id};
use crate::sql::Statements;
use crate::table::Table;
use crate::value::Value;
use crate::{
    Applied, Changes, Entry, FeedCursor, FeedRow, Idempotency, IdempotencyRecord, MoveError,
    RowRate, StoreError,
};

impl SqliteStore {
    pub(crate) async fn apply(
        &self,
        table: &Arc<Table>,
        from: FeedCursor,
        page: Arc<Changes<Content>>,
        cells: Vec<Vec<Cell>>,
    ) -> Result<Applied, MoveError> {
        self.change(table, "apply", move |tx| {
            tx.document.check_page(&from, &page)?;
            check_keys(&page)?;
            let (entries, handover) = tx.document.split(&page);
            let rows = apply(tx, &page, entries, &cells)?;
            match handover {
                Some(handover) => {
                    tx.document.promote(&page, handover, tx.position);
                    tx.forget_marks()?;
                    tx.raise_ids(handover.last_id)?;
                }
                None => tx.document.applied(&page),
            }
            tx.save()?;
            if handover.is_some() {
                fault("promote", "before-commit");
            }
            let rate = RowRate(tx.document.max_rows_per_second);
            Ok(Applied { rows, promoted: handover.is_some(), rate })
        })
        .await
    }
}

/// Stores the rows among the entries, each at a place of its own, and says how many were news.
fn apply(
    tx: &mut OwnershipTx<'_>,
    page: &Changes<Content>,
    entries: &[Entry<Content>],
    cells: &[Vec<Cell>],
) -> Result<u64, StoreError> {
    let rows = || entries.iter().filter_map(Entry::row);
    let count = rows().count() as u64;
    if count == 0 {
        return Ok(0);
    }
    let mut place = tx.position;
    tx.take_places(count)?;
    let OwnershipTx { connection, statements, now, .. } = *tx;
    let mut rows_in = Rows::prepare(connection, statements)?;
    let mut news = 0;
    for (row, cells) in rows().zip(cells) {
        place += 1;
        let came_at = |key: &IdempotencyRecord| now.unix_ms.saturating_sub(page.age_ms(key));
        news += rows_in.apply(row, cells, place, came_at)?;
    }
    // No client writes to this store, so no write removes them.
    run(connection, &statements.keys_purge, [Idempotency::cutoff(now)])?;
    Ok(news)
}

/// The statements, prepared once for a page.
struct Rows<'a> {
    statements: &'a Statements,
    apply: CachedStatement<'a>,
    supersede: Option<CachedStatement<'a>>,
    apply_key: CachedStatement<'a>,
}

impl<'a> Rows<'a> {
    fn prepare(connection: &'a Connection, statements: &'a Statements) -> Result<Self, StoreError> {
        let prepare = |sql: &str| connection.prepare_cached(sql).map_err(store_error);
        let feed = &statements.feed;
        Ok(Self {
            statements,
            apply: prepare(&feed.apply)?,
            supersede: feed.supersede.as_deref().map(prepare).transpose()?,
            apply_key: prepare(&feed.apply_key)?,
        })
    }

    fn apply(
        &mut self,
        row: &FeedRow<Content>,
        cells: &[Cell],
        place: u64,
        came_at: impl Fn(&IdempotencyRecord) -> i64,
    ) -> Result<u64, StoreError> {
        let id = id(&row.key).map_err(StoreError::failed)?;
        for key in &row.idempotency {
            let at = came_at(key);
            let params = params![key.key, key.fingerprint, id, at, key.answer];
            self.apply_key.execute(params).map_err(store_error)?;
        }
        match self.upsert(row, id, cells, place) {
            Err(StoreError::Taken { .. }) => {
                // Another row has the value here, and had lost it there: its newer state comes later.
                if let Some(supersede) = &mut self.supersede
                    && let Some(cell) = self.statements.collection.unique_cell(cells)
                {
                    supersede.execute(params![Value(cell), id]).map_err(store_error)?;
                }
                self.upsert(row, id, cells, place)
            }
            done => done,
        }
    }

    fn upsert(
        &mut self,
        row: &FeedRow<Content>,
        id: u64,
        cells: &[Cell],
        place: u64,
    ) -> Result<u64, StoreError> {
        let bind = |apply: &mut CachedStatement<'a>| {
            apply.raw_bind_parameter(1, place)?;
            apply.raw_bind_parameter(2, row.content.is_none())?;
            apply.raw_bind_parameter(3, id)?;
            apply.raw_bind_parameter(4, row.rev)?;
            apply.raw_bind_parameter(5, row.created_ms)?;
            apply.raw_bind_parameter(6, row.updated_ms)?;
            for (number, cell) in cells.iter().enumerate() {
                apply.raw_bind_parameter(7 + number, Value(cell))?;
            }
            apply.raw_execute()
        };
        let changed = bind(&mut self.apply);
        let changed = changed.map_err(|error| write_error(error, &self.statements.collection))?;
        Ok(changed as u64)
    }
}
