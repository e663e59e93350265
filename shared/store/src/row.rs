//! A row as it stands in a store, and as a statement gives it.

use models::{Cell, CellRef, Collection, Kind, MemberHead, Timestamp, View};

use crate::{Change, Precondition, StoreError};

/// One living row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Given by the store, from 1; never given twice.
    pub id: u64,
    /// Names its state: 1 when it is made, one more with each change, or many more if some are left out.
    pub rev: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// What the client wrote: a value for each field of the collection.
    pub cells: Vec<Cell>,
}

/// A member as JSON, in the view that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Names the state that it shows.
    pub rev: u64,
    /// The JSON.
    pub body: Vec<u8>,
}

impl Row {
    /// The row as JSON.
    pub fn json(&self, collection: &Collection, view: View) -> Vec<u8> {
        let Self { id, created_at, updated_at, .. } = *self;
        let (head, mut out) = (MemberHead { id, created_at, updated_at }, Vec::new());
        let cells = self.cells.iter().map(|cell| Ok(cell.as_ref()));
        let written: Result<(), std::convert::Infallible> =
            collection.write_row(view, head, cells, &mut out);
        match written {
            Ok(()) => out,
        }
    }

    /// The row as a change makes it, but for its rev, which comes with the write. `None` if nothing changes.
    ///
    /// # Errors
    /// [`StoreError::OtherAuthor`], [`StoreError::Invalid`], [`StoreError::PreconditionFailed`]: in this order, since a
    /// request that would fail without its precondition fails for that (RFC 9110, 13.2.1).
    pub(crate) fn next(
        &self,
        precondition: &Precondition,
        change: Change,
    ) -> Result<Option<Self>, StoreError> {
        precondition.check_author(&self.cells)?;
        let cells = change(&self.cells).map_err(StoreError::Invalid)?;
        precondition.check(self.rev)?;
        if cells == self.cells {
            return Ok(None);
        }
        let Self { id, rev, created_at, .. } = *self;
        Ok(Some(Self { id, rev, created_at, updated_at: self.touched(), cells }))
    }

    /// Now, or the time of its last change if that is later by the clock.
    pub(crate) fn touched(&self) -> Timestamp {
        Timestamp::now().max(self.updated_at)
    }
}

/// The columns of a row in a statement's result, by their places. Nothing is copied out of it.
pub(crate) trait Columns {
    /// A text.
    fn text(&self, place: usize) -> Result<&str, StoreError>;

    /// A 64-bit integer.
    fn integer(&self, place: usize) -> Result<i64, StoreError>;

    /// True or false.
    fn boolean(&self, place: usize) -> Result<bool, StoreError>;

    /// An id or a count.
    fn unsigned(&self, place: usize) -> Result<u64, StoreError> {
        self.integer(place)?.try_into().map_err(StoreError::failed)
    }

    /// A time.
    fn time(&self, place: usize) -> Result<Timestamp, StoreError> {
        self.integer(place).map(|unix_ms| Timestamp { unix_ms })
    }
}

/// A row as a statement gives it. Every statement selects its columns in this order: the id, the rev, both times, and
/// then the cells.
pub(crate) struct RowRef<'a> {
    pub(crate) id: u64,
    pub(crate) rev: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    collection: &'a Collection,
    columns: &'a dyn Columns,
    /// The place of the first cell.
    first: usize,
}

impl<'a> RowRef<'a> {
    /// How many columns stand before the cells.
    const HEAD: usize = 4;

    /// The row whose columns begin at a place.
    pub(crate) fn read(
        collection: &'a Collection,
        columns: &'a dyn Columns,
        place: usize,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            id: columns.unsigned(place)?,
            rev: columns.unsigned(place + 1)?,
            created_at: columns.time(place + 2)?,
            updated_at: columns.time(place + 3)?,
            collection,
            columns,
            first: place + Self::HEAD,
        })
    }

    fn cells(&self) -> impl Iterator<Item = Result<CellRef<'a>, StoreError>> {
        let (columns, first) = (self.columns, self.first);
        let fields = self.collection.fields.iter().enumerate();
        fields.map(move |(number, field)| {
            let place = first + number;
            Ok(match field.kind() {
                Kind::Text => CellRef::Text(columns.text(place)?),
                Kind::Integer => CellRef::Integer(columns.integer(place)?),
                Kind::Boolean => CellRef::Boolean(columns.boolean(place)?),
                Kind::Time => CellRef::Time(columns.time(place)?),
                Kind::Id => CellRef::Id(columns.unsigned(place)?),
            })
        })
    }

    /// How many bytes it holds.
    pub(crate) fn bytes(&self) -> Result<usize, StoreError> {
        let cells = self.cells().map(|cell| cell.map(CellRef::bytes));
        Ok(cells.sum::<Result<usize, _>>()? + Self::HEAD * size_of::<i64>())
    }

    /// A copy of the row.
    pub(crate) fn own(&self) -> Result<Row, StoreError> {
        let Self { id, rev, created_at, updated_at, .. } = *self;
        let cells = self.cells().map(|cell| cell.map(CellRef::own)).collect::<Result<_, _>>()?;
        Ok(Row { id, rev, created_at, updated_at, cells })
    }

    /// Adds the row to `out` as JSON.
    pub(crate) fn write(&self, view: View, out: &mut Vec<u8>) -> Result<(), StoreError> {
        let Self { id, created_at, updated_at, .. } = *self;
        let head = MemberHead { id, created_at, updated_at };
        self.collection.write_row(view, head, self.cells(), out)
    }

    /// The row as JSON, in a buffer of its own.
    pub(crate) fn show(&self, view: View) -> Result<Shown, StoreError> {
        let mut body = Vec::with_capacity(256);
        self.write(view, &mut body)?;
        Ok(Shown { rev: self.rev, body })
    }

    /// Adds the row's content to `out` as JSON.
    pub(crate) fn write_content(&self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        self.collection.write_content(self.cells(), out)
    }
}
