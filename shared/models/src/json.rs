//! Rows as JSON, written from their cells.

use std::io::Write;

use serde::ser::{Serialize, Serializer};

use crate::{CellRef, Collection, Timestamp, View};

/// What a row has besides its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberHead {
    /// The row's id.
    pub id: u64,
    /// When it was stored first.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Collection {
    /// Adds a row to `out`, as an object in one of the views. Its cells come one after the other.
    ///
    /// # Errors
    /// That of a cell.
    pub fn write_row<'a, E>(
        &self,
        view: View,
        head: MemberHead,
        cells: impl Iterator<Item = Result<CellRef<'a>, E>>,
        out: &mut Vec<u8>,
    ) -> Result<(), E> {
        if view == View::Full || self.basic_has_id {
            // A vector takes whatever is written to it.
            let _ = write!(out, "{{\"id\":{}", head.id);
            self.write_fields(b',', cells, out)?;
        } else {
            self.write_fields(b'{', cells, out)?;
        }
        if view == View::Full {
            let MemberHead { created_at, updated_at, .. } = head;
            let _ = write!(out, ",\"createdAt\":\"{created_at}\",\"updatedAt\":\"{updated_at}\"");
        }
        out.push(b'}');
        Ok(())
    }

    /// Adds a row's content to `out`, as an object with a member for each field.
    ///
    /// # Errors
    /// That of a cell.
    pub fn write_content<'a, E>(
        &self,
        cells: impl Iterator<Item = Result<CellRef<'a>, E>>,
        out: &mut Vec<u8>,
    ) -> Result<(), E> {
        self.write_fields(b'{', cells, out)?;
        out.push(b'}');
        Ok(())
    }

    /// The fields, with `first` before the first one and a comma before each other one.
    fn write_fields<'a, E>(
        &self,
        first: u8,
        cells: impl Iterator<Item = Result<CellRef<'a>, E>>,
        out: &mut Vec<u8>,
    ) -> Result<(), E> {
        let mut before = first;
        for (field, cell) in self.fields.iter().zip(cells) {
            out.push(before);
            before = b',';
            write_value(&*field.name, out);
            out.push(b':');
            write_value(&cell?, out);
        }
        Ok(())
    }
}

fn write_value(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // Texts, numbers and booleans can all be written.
    let _ = serde_json::to_writer(out, value);
}

impl Serialize for CellRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Boolean(is) => serializer.serialize_bool(*is),
            Self::Time(time) => time.serialize(serializer),
            Self::Id(id) => serializer.serialize_u64(*id),
        }
    }
}
