//! The fields of a collection.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::{Alphabet, Cell, Kind, Name, Rule, Target};

/// One field of a collection.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: Name,
    /// The column that holds it: an SQL identifier in lower case, and no SQL keyword.
    pub column: Name,
    /// What its value must meet.
    pub rule: Rule,
    /// Whether a new member must give it. A field that is not required is empty when not given.
    pub required: bool,
    /// Whether no two members may agree in it, without regard to case.
    pub unique: bool,
    /// The path segment of the list of all members with the same value: `in-thread`.
    pub filter: Option<Name>,
    /// One sentence for the reader of the documentation.
    pub about: Name,
}

impl Field {
    /// A required field, in the column that has its name in lower case: `created_by` for `createdBy`.
    pub fn new(name: impl Into<Name>, rule: Rule) -> Self {
        let name = name.into();
        Self {
            column: column(&name),
            name,
            rule,
            required: true,
            unique: false,
            filter: None,
            about: Cow::Borrowed(""),
        }
    }

    /// A text of so many characters (Unicode scalar values) out of an alphabet.
    pub fn text(name: impl Into<Name>, length: RangeInclusive<usize>, alphabet: Alphabet) -> Self {
        let (min, max) = length.into_inner();
        Self::new(name, Rule::Text { min, max, alphabet })
    }

    /// A whole number in this range.
    pub fn integer(name: impl Into<Name>, range: RangeInclusive<i64>) -> Self {
        let (min, max) = range.into_inner();
        Self::new(name, Rule::Integer { min, max })
    }

    /// True or false.
    pub fn boolean(name: impl Into<Name>) -> Self {
        Self::new(name, Rule::Boolean)
    }

    /// A point in time.
    pub fn time(name: impl Into<Name>) -> Self {
        Self::new(name, Rule::Time)
    }

    /// The id of a member of another collection.
    pub fn reference(name: impl Into<Name>, target: Target) -> Self {
        Self::new(name, Rule::Reference(target))
    }

    /// The same field, with a sentence for the documentation.
    pub fn about(self, about: impl Into<Name>) -> Self {
        Self { about: about.into(), ..self }
    }

    /// The same field, which need not be given.
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same field, in which no two members agree.
    pub fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// The same field in another column, if its name is an SQL keyword.
    pub fn column(self, column: impl Into<Name>) -> Self {
        Self { column: column.into(), ..self }
    }

    /// The same field, with a list of the members that have one value in it, below this path segment.
    pub fn filter(self, path: impl Into<Name>) -> Self {
        Self { filter: Some(path.into()), ..self }
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        self.rule.kind()
    }

    /// What it holds if it was not given; `None` if it must be given.
    pub fn empty(&self) -> Option<Cell> {
        if self.required { None } else { self.kind().empty() }
    }
}

fn column(name: &Name) -> Name {
    if !name.contains(|character: char| character.is_ascii_uppercase()) {
        return name.clone();
    }
    let mut column = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            column.push('_');
        }
        column.push(character.to_ascii_lowercase());
    }
    column.into()
}
