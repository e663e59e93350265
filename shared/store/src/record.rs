//! What a collection says of itself so that either engine can keep it.

use models::Model;

use crate::StoreError;

/// One kind of row. The type that implements this is a name for the collection, not a row of it.
pub trait Record: Send + Sync + 'static {
    /// What a row holds.
    type Content: Model;

    /// The table, its columns and its filters.
    const TABLE: Table;

    /// The content's values, in the order of the table's columns.
    fn values(content: &Self::Content) -> Vec<Value<'_>>;

    /// The content out of one value for each column, in their order.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where the stored value is not of the column's type.
    fn content(cells: &mut dyn Cells) -> Result<Self::Content, StoreError>;
}

/// A table: names are SQL identifiers in lower case, and no SQL keyword.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The table's name, which is also the collection's.
    pub name: &'static str,
    /// The columns that hold the content; id, rev, times and the deleted mark come by themselves.
    pub columns: &'static [Column],
    /// The text column in which no two living rows agree, without regard to case.
    pub unique: Option<&'static str>,
    /// The lists that hold only some of the rows.
    pub filters: &'static [Filter],
}

impl Table {
    /// What a deleted row holds.
    pub(crate) fn blanks(&self) -> impl Iterator<Item = Value<'static>> {
        self.columns.iter().map(|column| match column.kind {
            ColumnType::Text => Value::Text(""),
            ColumnType::Id => Value::Id(0),
        })
    }

    /// The value of the column in which no two rows agree.
    pub(crate) fn unique_value<'a>(&self, values: &[Value<'a>]) -> Option<Value<'a>> {
        let place = self.columns.iter().position(|column| Some(column.name) == self.unique)?;
        values.get(place).copied()
    }
}

/// A column of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
}

impl Column {
    /// A column that holds text.
    pub const fn text(name: &'static str) -> Self {
        Self { name, kind: ColumnType::Text }
    }

    /// A column that holds an id.
    pub const fn id(name: &'static str) -> Self {
        Self { name, kind: ColumnType::Id }
    }
}

/// What a [`Column`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// The id of a row, here or in another collection.
    Id,
}

/// A list of the rows whose column holds one id, kept in an index.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// The path segment that names it: `in-thread`.
    pub path: &'static str,
    /// The id column it looks at.
    pub column: &'static str,
}

/// A value on its way into a column.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// For a [`ColumnType::Text`].
    Text(&'a str),
    /// For a [`ColumnType::Id`].
    Id(u64),
}

/// The values of one row, given out from left to right.
pub trait Cells {
    /// The next value, a text.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where it is none.
    fn text(&mut self) -> Result<String, StoreError>;

    /// The next value, a 64-bit integer.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where it is none.
    fn integer(&mut self) -> Result<i64, StoreError>;

    /// The next value, an id or a count.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where it is none, or negative.
    fn id(&mut self) -> Result<u64, StoreError> {
        self.integer()?.try_into().map_err(StoreError::failed)
    }
}
