//! What is wrong with an input: each field that breaks its rule.

use crate::{Alphabet, Cell, Field, MAX_ID, Name, Rule};

/// What is wrong with a field that was not given.
const MISSING: &str = "is required";

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: Name,
    /// What is wrong with it, as a sentence without its subject: `takes 1 to 32 characters`.
    pub detail: String,
}

/// Every field of one input that breaks a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// Adds one.
    pub fn add(&mut self, field: impl Into<Name>, detail: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), detail: detail.into() });
    }

    /// The value, unless a rule was broken on the way to it.
    ///
    /// # Errors
    /// Itself, if it holds any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Only those of fields that were given: a patch may leave out the others.
    pub fn of_given(mut self) -> Self {
        self.0.retain(|error| error.detail != MISSING);
        self
    }

    /// Notes that a field was not given, if it must be. Gives what it holds then.
    pub(crate) fn missing(&mut self, field: &Field) -> Cell {
        field.empty().unwrap_or_else(|| {
            self.add(field.name.clone(), MISSING);
            field.kind().blank()
        })
    }

    /// A value that was given, as it is stored; notes what is wrong with it.
    pub(crate) fn check(&mut self, field: &Field, cell: Cell) -> Cell {
        let (cell, wrong) = match (&field.rule, cell) {
            (Rule::Text { min, max, alphabet }, Cell::Text(text)) => {
                let text = alphabet.store(text);
                let wrong = wrong_text(*min, *max, *alphabet, &text);
                (Cell::Text(text), wrong)
            }
            (Rule::Integer { min, max }, Cell::Integer(number)) => {
                let wrong = !(*min..=*max).contains(&number);
                let wrong = wrong.then(|| format!("takes a whole number from {min} to {max}"));
                (Cell::Integer(number), wrong)
            }
            (Rule::Reference(_), Cell::Id(id)) => {
                let wrong = !(1..=MAX_ID).contains(&id);
                (Cell::Id(id), wrong.then(|| format!("takes an id from 1 to {MAX_ID}")))
            }
            (_, cell) => (cell, None),
        };
        if let Some(wrong) = wrong {
            self.add(field.name.clone(), wrong);
        }
        cell
    }
}

fn wrong_text(min: usize, max: usize, alphabet: Alphabet, text: &str) -> Option<String> {
    // A character takes at most four bytes: a text over four times the limit need not be counted.
    let too_long = text.len() > max * 4 || text.chars().count() > max;
    if too_long || text.chars().count() < min {
        Some(format!("takes {min} to {max} characters"))
    } else if !alphabet.has(text) {
        Some(format!("takes {alphabet}"))
    } else {
        None
    }
}
