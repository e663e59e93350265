//! Keys: which columns can be one, and the text by which a row is named and put in order.
//!
//! Both sides of a move walk a collection in the order of its keys, so the order must not depend on a collation. The text
//! of a key is compared byte by byte: numbers as [`replication::Key::number`] writes them, and below zero so that the order
//! stays; a UUID as PostgreSQL writes it; text as it is, with a mark for the byte 1. Parts of a composite key follow each
//! other, and a text that is not the last part ends with two bytes 1.

use crate::name::quoted;

/// A column of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: KeyKind,
}

/// What a column of a key can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `smallint`, `integer` or `bigint`.
    Integer,
    /// `text` or `varchar`.
    Text,
    /// `uuid`.
    Uuid,
}

impl KeyKind {
    /// The kind of a type, by its name in `pg_type`.
    pub(crate) fn of_type(name: &str) -> Option<Self> {
        match name {
            "int2" | "int4" | "int8" => Some(Self::Integer),
            "text" | "varchar" => Some(Self::Text),
            "uuid" => Some(Self::Uuid),
            _ => None,
        }
    }

    /// The type that a text of it is cast to.
    fn cast(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Text => "text",
            Self::Uuid => "uuid",
        }
    }

    /// The SQL of a value of it, from the SQL of its text.
    pub(crate) fn cast_of(self, text: &str) -> String {
        format!("{text}::{}", self.cast())
    }

    /// The SQL of its part of a key, from the SQL of its text.
    fn part(self, text: &str) -> String {
        match self {
            Self::Integer => format!(
                "CASE WHEN {text} LIKE '-%' THEN chr(92 - length({text})) || \
                 translate(substr({text}, 2), '0123456789', '9876543210') \
                 ELSE chr(96 + length({text})) || {text} END"
            ),
            Self::Text => format!("replace({text}, chr(1), chr(1) || chr(2))"),
            Self::Uuid => text.to_owned(),
        }
    }
}

/// The SQL of a key's text, if `k` is the array of the texts of its columns.
pub(crate) fn key_text(columns: &[KeyColumn]) -> String {
    if let [KeyColumn { kind: KeyKind::Text, .. }] = columns {
        // A key is never empty.
        return format!("coalesce(nullif({}, ''), chr(1) || chr(1))", KeyKind::Text.part("k[1]"));
    }
    let last = columns.len();
    let parts = columns.iter().enumerate().map(|(place, column)| {
        let part = column.kind.part(&format!("k[{}]", place + 1));
        let ends = column.kind == KeyKind::Text && place + 1 < last;
        if ends { format!("({part}) || chr(1) || chr(1)") } else { format!("({part})") }
    });
    parts.collect::<Vec<_>>().join(" || ")
}

/// The names of the columns, each behind a prefix such as `NEW.`.
pub(crate) fn names(columns: &[KeyColumn], prefix: &str) -> String {
    let names = columns.iter().map(|column| format!("{prefix}{}", quoted(&column.name)));
    names.collect::<Vec<_>>().join(", ")
}

/// The array of the columns' texts, each column behind a prefix.
pub(crate) fn texts(columns: &[KeyColumn], prefix: &str) -> String {
    let texts = columns.iter().map(|column| format!("{prefix}{}::text", quoted(&column.name)));
    format!("ARRAY[{}]", texts.collect::<Vec<_>>().join(", "))
}

/// The values of the columns, from an array of their texts.
pub(crate) fn values(columns: &[KeyColumn], array: &str) -> String {
    let values = columns
        .iter()
        .enumerate()
        .map(|(place, column)| format!("({array})[{}]::{}", place + 1, column.kind.cast()));
    values.collect::<Vec<_>>().join(", ")
}
