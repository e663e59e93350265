//! The rows of a page, by table.

use std::collections::BTreeMap;

use replication::{FeedRow, Key, MoveError as Refused};
use tokio_postgres::types::ToSql;

use crate::collection::Member;
use crate::content::Content;
use crate::page::Row;
use crate::read_key::read;
use crate::store_error::{MoveError, StoreError};

/// One row of a page.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) key: &'a Key,
    /// The texts of the key's columns.
    columns: Vec<String>,
    /// The row; none if it is deleted.
    row: Option<&'a Row>,
}

/// The rows of one table in a page: each key once, with its newest state.
#[derive(Clone, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) member: &'a Member,
    pub(crate) present: Vec<Line<'a>>,
    pub(crate) deleted: Vec<Line<'a>>,
}

/// The parameters of a statement: a list of texts for each of its columns.
pub(crate) type Lists<'a> = Vec<Vec<Option<&'a str>>>;

/// The same as a statement takes them.
pub(crate) fn parameters<'a>(lists: &'a Lists<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    lists.iter().map(|list| list as &(dyn ToSql + Sync)).collect()
}

/// Puts rows in order, by table.
///
/// # Errors
/// If a key is none of these tables'.
pub(crate) fn batches<'a>(
    members: &'a [Member],
    rows: &[&'a FeedRow<Content>],
) -> Result<Vec<Batch<'a>>, MoveError> {
    let newest: BTreeMap<&Key, &FeedRow<Content>> =
        rows.iter().map(|row| (&row.key, *row)).collect();
    let empty = |member| Batch { member, present: Vec::new(), deleted: Vec::new() };
    let mut batches: Vec<_> = members.iter().map(empty).collect();
    for (key, row) in newest {
        let found = read(members, key.as_str());
        let batch = found.and_then(|(member, columns)| {
            let batch = batches.iter_mut().find(|batch| batch.member.number == member.number)?;
            Some((batch, columns))
        });
        let Some((batch, columns)) = batch else {
            let what = "the key is of none of the tables here".to_owned();
            return Err(Refused::OtherFields { key: key.clone(), what });
        };
        let line = Line { key, columns, row: row.content.as_ref() };
        let lines = if line.row.is_some() { &mut batch.present } else { &mut batch.deleted };
        lines.push(line);
    }
    Ok(batches)
}

impl Batch<'_> {
    /// The values of one column in each row that is present.
    pub(crate) fn values(&self, column: &str) -> Vec<Option<&str>> {
        let rows = self.present.iter().filter_map(|line| line.row);
        rows.map(|row| row.get(column)?.as_deref()).collect()
    }

    /// The keys of those that are deleted: a list for each column.
    pub(crate) fn deleted_keys(&self) -> Lists<'_> {
        key_lists(self.member, &self.deleted.iter().collect::<Vec<_>>())
    }

    /// All keys, and a list for each of their columns.
    pub(crate) fn keys(&self) -> Lists<'_> {
        let all: Vec<_> = self.present.iter().chain(&self.deleted).collect();
        let mut lists = vec![all.iter().map(|line| Some(line.key.as_str())).collect()];
        lists.extend(key_lists(self.member, &all));
        lists
    }

    /// The content of each of these, as JSON; none of those that are deleted.
    ///
    /// # Errors
    /// If one cannot be written down.
    pub(crate) fn contents(&self) -> Result<Vec<Option<String>>, StoreError> {
        let content = |line: &Line<'_>| line.row.map(serde_json::to_string).transpose();
        let all = self.present.iter().chain(&self.deleted).map(content);
        all.collect::<Result<_, _>>().map_err(StoreError::failed)
    }

    /// Whether the rows have just these columns.
    ///
    /// # Errors
    /// Names the first column that is missing on one of the sides.
    pub(crate) fn check_columns<'c>(
        &self,
        columns: impl Iterator<Item = &'c str> + Clone,
    ) -> Result<(), MoveError> {
        let count = columns.clone().count();
        let table = self.member.sql();
        for line in &self.present {
            let Some(row) = line.row else { continue };
            let lacks = columns.clone().find(|column| !row.contains_key(*column));
            let what = match lacks {
                Some(column) => format!("the column {column} of {table} is not there"),
                None if row.len() == count => continue,
                None => {
                    let other = row.keys().find(|name| !columns.clone().any(|c| c == *name));
                    let column = other.map_or("", String::as_str);
                    format!("{table} has no column {column} here")
                }
            };
            return Err(Refused::OtherFields { key: line.key.clone(), what });
        }
        Ok(())
    }
}

fn key_lists<'a>(member: &Member, lines: &[&'a Line<'_>]) -> Lists<'a> {
    let list = |place: usize| {
        lines.iter().map(|line| line.columns.get(place).map(String::as_str)).collect()
    };
    (0..member.key.len()).map(list).collect()
}
