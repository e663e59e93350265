//! Bringing a table that is there up to a description that has changed since.

use std::collections::BTreeSet;

use models::{Collection, Field};

use super::{Dialect, filter_index, schema, unique_index};

/// What a table has.
#[derive(Debug, Default)]
pub(crate) struct Present {
    pub(crate) columns: BTreeSet<String>,
    pub(crate) indexes: BTreeSet<String>,
}

/// `$1` a table: gives the names of its columns.
pub(crate) fn read_columns(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SELECT name FROM pragma_table_info(?1)",
        Dialect::Postgres => {
            "SELECT attname::text FROM pg_attribute \
             WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
        }
    }
}

/// `$1` a table: gives the names of its indexes.
pub(crate) fn read_indexes(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SELECT name FROM pragma_index_list(?1)",
        Dialect::Postgres => {
            "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE i.indrelid = to_regclass($1)"
        }
    }
}

/// The statements that give a table the columns and lists that its collection got since it was made. None for a table
/// that is up to date, so that a role which may only read and write rows can serve it.
///
/// # Errors
/// A field that cannot be added, as a sentence.
pub(crate) fn additions(
    collection: &Collection,
    dialect: Dialect,
    present: &Present,
) -> Result<Vec<String>, String> {
    let table = &collection.name;
    let mut statements = Vec::new();
    for field in &collection.fields {
        let Field { name, column, .. } = field;
        if !present.columns.contains(&**column) {
            if field.empty().is_none() {
                return Err(format!(
                    "its table has no column `{column}`, and the rows that are there have no value for `{name}`; make \
                     the field optional"
                ));
            }
            let column = schema::column(field, dialect);
            statements.push(format!("ALTER TABLE {table} ADD COLUMN {column}"));
        }
        if field.unique && !present.indexes.contains(&unique_index(table, column)) {
            return Err(format!(
                "`{name}` is unique now, and its table was made without that; rows that are there may agree in it"
            ));
        }
        if field.filter.is_some() && !present.indexes.contains(&filter_index(table, column)) {
            statements.push(schema::create_filter_index(table, field));
        }
    }
    Ok(statements)
}
