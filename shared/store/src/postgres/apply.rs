//! Applying a page of another store's feed: all its rows in one statement.

use std::sync::Arc;

use models::{Cell, Collection, Content, Kind};
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::error::{store_error, write_error};
use super::ownership::OwnershipTx;
use super::run::{run, sql_id};
use super::steps::Bars;
use crate::crash_point::fault;
use crate::place::{check_keys, id};
use crate::table::Table;
use crate::{Applied, Changes, Entry, FeedCursor, FeedRow, MoveError, RowRate, StoreError};

impl PostgresStore {
    pub(crate) async fn apply(
        &self,
        table: &Table,
        from: FeedCursor,
        page: Arc<Changes<Content>>,
        cells: Vec<Vec<Cell>>,
    ) -> Result<Applied, MoveError> {
        let hands_over = page.entries.iter().any(|entry| matches!(entry, Entry::Handover(_)));
        let bars = if hands_over { Bars::Writes } else { Bars::Steps };
        self.change(table, "apply", bars, async |tx| {
            tx.document.check_page(&from, &page)?;
            check_keys(&page)?;
            let (entries, handover) = tx.document.split(&page);
            let rows: Vec<_> = entries.iter().filter_map(Entry::row).collect();
            let rows = apply(tx, &page, &rows, &cells).await?;
            if rows > 0 || handover.is_some() {
                tx.facts.position = tx.place().await?;
            }
            match handover {
                Some(handover) => {
                    tx.document.promote(&page, handover, tx.facts.position);
                    tx.forget_marks().await?;
                    tx.raise_ids(handover.last_id).await?;
                }
                None => tx.document.applied(&page),
            }
            tx.save().await?;
            if handover.is_some() {
                fault("promote", "before-commit");
            }
            let rate = RowRate(tx.document.max_rows_per_second);
            Ok(Applied { rows, promoted: handover.is_some(), rate })
        })
        .await
    }
}

/// Stores the rows and says how many were news.
async fn apply(
    tx: &OwnershipTx<'_>,
    page: &Changes<Content>,
    rows: &[&FeedRow<Content>],
    cells: &[Vec<Cell>],
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let collection = &tx.statements.collection;
    let columns = Columns::new(collection, rows, cells)?;
    let news = match upsert(tx, &columns).await {
        Err(StoreError::Taken { .. }) => {
            // Rows have values here that they had lost there: their newer states come later.
            if let Some(supersede) = &tx.statements.feed.supersede {
                let unique = unique(collection, rows, cells);
                let parameters: [&(dyn ToSql + Sync); 3] = [&columns.ids, &columns.revs, &unique];
                run(tx.client, supersede, &parameters).await?;
            }
            upsert(tx, &columns).await?
        }
        done => done?,
    };
    apply_keys(tx, page, rows).await?;
    // No client writes to this store, so no write removes them.
    run(tx.client, &tx.statements.keys_purge, &[]).await?;
    Ok(news)
}

/// Stores the rows that are newer, or leaves the transaction as it was.
async fn upsert(tx: &OwnershipTx<'_>, columns: &Columns<'_>) -> Result<u64, StoreError> {
    let sql = &tx.statements.feed.apply;
    tx.client.batch("SAVEPOINT page").await.map_err(store_error)?;
    let done = tx.client.execute(sql, &columns.parameters()).await;
    let end = if done.is_ok() { "RELEASE page" } else { "ROLLBACK TO page" };
    tx.client.batch(end).await.map_err(store_error)?;
    done.map_err(|error| write_error(error, tx.statements))
}

async fn apply_keys(
    tx: &OwnershipTx<'_>,
    page: &Changes<Content>,
    rows: &[&FeedRow<Content>],
) -> Result<(), StoreError> {
    let (mut keys, mut fingerprints, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for row in rows {
        let id = row_id(row)?;
        for key in &row.idempotency {
            keys.push(key.key.as_str());
            fingerprints.push(key.fingerprint.as_str());
            ids.push(id);
            times.push(tx.facts.now_ms.saturating_sub(page.age_ms(key)));
            answers.push(key.answer.as_str());
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    let parameters: [&(dyn ToSql + Sync); 5] = [&keys, &fingerprints, &ids, &times, &answers];
    run(tx.client, &tx.statements.feed.apply_key, &parameters).await.map(drop)
}

/// The id of a row, whose page was checked.
fn row_id<M>(row: &FeedRow<M>) -> Result<i64, StoreError> {
    sql_id(id(&row.key).map_err(StoreError::failed)?)
}

/// Rows as an array for each column.
struct Columns<'a> {
    deleted: Vec<bool>,
    ids: Vec<i64>,
    revs: Vec<i64>,
    created: Vec<i64>,
    updated: Vec<i64>,
    values: Vec<Values<'a>>,
}

enum Values<'a> {
    Texts(Vec<&'a str>),
    Integers(Vec<i64>),
    Booleans(Vec<bool>),
}

impl<'a> Columns<'a> {
    fn new(
        collection: &Collection,
        rows: &[&FeedRow<Content>],
        cells: &'a [Vec<Cell>],
    ) -> Result<Self, StoreError> {
        let count = rows.len();
        let values = collection.fields.iter().map(|field| match field.kind() {
            Kind::Text => Values::Texts(Vec::with_capacity(count)),
            Kind::Integer | Kind::Time | Kind::Id => Values::Integers(Vec::with_capacity(count)),
            Kind::Boolean => Values::Booleans(Vec::with_capacity(count)),
        });
        let mut columns = Self {
            deleted: rows.iter().map(|row| row.content.is_none()).collect(),
            ids: rows.iter().map(|row| row_id(row)).collect::<Result<_, _>>()?,
            revs: rows.iter().map(|row| sql_id(row.rev)).collect::<Result<_, _>>()?,
            created: rows.iter().map(|row| row.created_ms).collect(),
            updated: rows.iter().map(|row| row.updated_ms).collect(),
            values: values.collect(),
        };
        for (_, cells) in rows.iter().zip(cells) {
            for (values, cell) in columns.values.iter_mut().zip(cells) {
                values.push(cell)?;
            }
        }
        Ok(columns)
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let Self { deleted, ids, revs, created, updated, values } = self;
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![deleted, ids, revs, created, updated];
        parameters.extend(values.iter().map(|values| match values {
            Values::Texts(texts) => texts as &(dyn ToSql + Sync),
            Values::Integers(numbers) => numbers,
            Values::Booleans(all) => all,
        }));
        parameters
    }
}

impl<'a> Values<'a> {
    fn push(&mut self, cell: &'a Cell) -> Result<(), StoreError> {
        match (self, cell) {
            (Self::Texts(texts), Cell::Text(text)) => texts.push(text),
            (Self::Integers(numbers), Cell::Integer(number)) => numbers.push(*number),
            (Self::Integers(numbers), Cell::Time(time)) => numbers.push(time.unix_ms),
            (Self::Integers(numbers), Cell::Id(id)) => numbers.push(sql_id(*id)?),
            (Self::Booleans(all), Cell::Boolean(is)) => all.push(*is),
            // Cells are of their fields' types. The statement would refuse arrays of different lengths' rows as nulls.
            (Self::Texts(_) | Self::Integers(_) | Self::Booleans(_), _) => {}
        }
        Ok(())
    }
}

/// Each living row's value of the field in which no two rows agree.
fn unique<'a>(
    collection: &Collection,
    rows: &[&FeedRow<Content>],
    cells: &'a [Vec<Cell>],
) -> Vec<Option<&'a str>> {
    let value = |(row, cells): (&&FeedRow<Content>, &'a Vec<Cell>)| {
        row.content.as_ref()?;
        match collection.unique_cell(cells)? {
            Cell::Text(text) => Some(text.as_str()),
            Cell::Integer(_) | Cell::Boolean(_) | Cell::Time(_) | Cell::Id(_) => None,
        }
    };
    rows.iter().zip(cells).map(value).collect()
}
