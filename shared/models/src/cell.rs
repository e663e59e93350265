//! The values of fields. A new type of field begins here: the compiler then names every other place.

use crate::Timestamp;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// A signed 64-bit integer.
    Integer,
    /// True or false.
    Boolean,
    /// A point in time, to the millisecond.
    Time,
    /// The id of a row, here or in another collection.
    Id,
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Of a [`Kind::Text`].
    Text(String),
    /// Of a [`Kind::Integer`].
    Integer(i64),
    /// Of a [`Kind::Boolean`].
    Boolean(bool),
    /// Of a [`Kind::Time`].
    Time(Timestamp),
    /// Of a [`Kind::Id`].
    Id(u64),
}

/// The value of one field where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellRef<'a> {
    /// Of a [`Kind::Text`].
    Text(&'a str),
    /// Of a [`Kind::Integer`].
    Integer(i64),
    /// Of a [`Kind::Boolean`].
    Boolean(bool),
    /// Of a [`Kind::Time`].
    Time(Timestamp),
    /// Of a [`Kind::Id`].
    Id(u64),
}

impl Kind {
    /// What a deleted row holds in such a field.
    pub fn blank(self) -> Cell {
        match self {
            Self::Text => Cell::Text(String::new()),
            Self::Integer => Cell::Integer(0),
            Self::Boolean => Cell::Boolean(false),
            Self::Time => Cell::Time(Timestamp { unix_ms: 0 }),
            Self::Id => Cell::Id(0),
        }
    }

    /// What an optional field holds that was not given. A time and an id have no such value.
    pub fn empty(self) -> Option<Cell> {
        match self {
            Self::Text | Self::Integer | Self::Boolean => Some(self.blank()),
            Self::Time | Self::Id => None,
        }
    }
}

impl Cell {
    /// The same value, where it stands.
    pub fn as_ref(&self) -> CellRef<'_> {
        match self {
            Self::Text(text) => CellRef::Text(text),
            Self::Integer(number) => CellRef::Integer(*number),
            Self::Boolean(is) => CellRef::Boolean(*is),
            Self::Time(time) => CellRef::Time(*time),
            Self::Id(id) => CellRef::Id(*id),
        }
    }
}

impl CellRef<'_> {
    /// A copy of the value.
    pub fn own(self) -> Cell {
        match self {
            Self::Text(text) => Cell::Text(text.to_owned()),
            Self::Integer(number) => Cell::Integer(number),
            Self::Boolean(is) => Cell::Boolean(is),
            Self::Time(time) => Cell::Time(time),
            Self::Id(id) => Cell::Id(id),
        }
    }

    /// How many bytes it takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Integer(_) | Self::Boolean(_) | Self::Time(_) | Self::Id(_) => size_of::<i64>(),
        }
    }
}
