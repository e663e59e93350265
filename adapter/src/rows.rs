//! The rows behind the keys of a page, each value as PostgreSQL's own text.
//!
//! The output function of a type gives a text that its input function reads back to the same value: `numeric`, ranges, arrays
//! and domains too. JSON would not: it has no infinity, no -0, and no bounds of arrays. Some texts depend on settings, so the
//! reader pins these.

use std::collections::HashMap;

use crate::collection::Member;
use crate::key::{names, values};
use crate::name::{quoted, text};
use crate::page::{Change, Column, FeedError, Row};
use crate::session::Session;

/// The settings that a value's text depends on; both sides of a move pin them. And those of the planner: a page reads a few
/// rows of a large table by its primary key, whatever it thinks of that.
pub(crate) const PINNED: &str = "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'; \
     SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL array_nulls = on; \
     SET LOCAL xmloption = 'content'; SET LOCAL lc_monetary = 'C'; SET LOCAL bytea_output = 'hex'; \
     SET LOCAL search_path = 'pg_catalog'; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
     SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL row_security = off";

/// How many rows are read with one statement.
const PORTION: usize = 1_000;

/// The columns of a table that are not computed from others. The table is locked, so that this is what is read next.
const COLUMNS: &str = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
     WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum";

/// The columns of a table as the present transaction sees them.
pub(crate) async fn columns(session: &Session, member: &Member) -> Result<Vec<Column>, FeedError> {
    let oid = member.relations.first().map_or(0, |own| own.oid);
    let rows = session.rows("reading the columns", COLUMNS, &[&oid]).await?;
    Ok(rows.iter().map(|row| Column { name: row.get(0), kind: row.get(1) }).collect())
}

/// The columns of each table as the present transaction sees them.
pub(crate) async fn columns_of(
    session: &Session,
    members: &[Member],
) -> Result<Vec<Vec<Column>>, FeedError> {
    let mut all = Vec::new();
    for member in members {
        all.push(columns(session, member).await?);
    }
    Ok(all)
}

/// Gives each change its row. Those of one table are read together; the order stays.
pub(crate) async fn give_rows_of_all(
    session: &Session,
    members: &[Member],
    columns: &[Vec<Column>],
    changes: &mut [Change],
) -> Result<(), FeedError> {
    for (member, columns) in members.iter().zip(columns) {
        let mut own: Vec<_> =
            changes.iter_mut().filter(|change| change.member == member.number).collect();
        give_rows(session, (member, columns), &mut own).await?;
    }
    Ok(())
}

/// Gives each change of a table its row. A change whose row is not there stays without one: it is deleted.
pub(crate) async fn give_rows(
    session: &Session,
    (member, columns): (&Member, &[Column]),
    changes: &mut [&mut Change],
) -> Result<(), FeedError> {
    let listed: Vec<_> =
        columns.iter().map(|column| format!("t.{}", quoted(&column.name))).collect();
    for portion in changes.chunks_mut(PORTION) {
        let keys = portion.iter().map(|change| {
            let columns: Vec<_> = change.columns.iter().map(|column| text(column)).collect();
            format!("({}, ARRAY[{}])", text(change.key.as_str()), columns.join(", "))
        });
        let sql = format!(
            "SELECT f.key, {} FROM (VALUES {}) AS f (key, k) JOIN {} t ON ROW({}) = ROW({})",
            listed.join(", "),
            keys.collect::<Vec<_>>().join(", "),
            member.sql(),
            names(&member.key, "t."),
            values(&member.key, "f.k"),
        );
        let mut rows = HashMap::with_capacity(portion.len());
        for found in session.texts("reading the rows", &sql).await? {
            let key = found.get(0).unwrap_or_default().to_owned();
            let values = columns.iter().enumerate().map(|(place, column)| {
                (column.name.clone(), found.get(place + 1).map(str::to_owned))
            });
            let row: Row = values.collect();
            if rows.insert(key.clone(), row).is_some() {
                // The primary key of a table is not unique over the tables that inherit from it.
                return Err(FeedError::Twice { table: member.sql(), key });
            }
        }
        for change in portion {
            change.row = rows.remove(change.key.as_str());
        }
    }
    Ok(())
}
