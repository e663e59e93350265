//! The rules of single fields, said once: checked here, described by the API's schema.

use crate::alphabet::Alphabet;
use crate::model::Target;

/// The largest id a store gives out: both engines count in signed 64-bit integers.
pub const MAX_ID: u64 = i64::MAX as u64;

/// What a field's value must meet.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// A string of `min` to `max` characters (Unicode scalar values) out of an alphabet.
    Text {
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
        /// Which characters.
        alphabet: Alphabet,
    },
    /// The id of a member of another collection.
    Reference(Target),
}

/// What is wrong with a field that was not given.
const MISSING: &str = "is required";

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is wrong with it, as a sentence without its subject: `takes 1 to 32 characters`.
    pub detail: String,
}

/// Every field of one input that breaks a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// Adds one.
    pub fn add(&mut self, field: &'static str, detail: impl Into<String>) {
        self.0.push(FieldError { field, detail: detail.into() });
    }

    /// The value, unless a rule was broken on the way to it.
    ///
    /// # Errors
    /// Itself, where it holds any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Only those of fields that were given: a patch may leave out the others.
    pub fn of_given(mut self) -> Self {
        self.0.retain(|error| error.detail != MISSING);
        self
    }

    /// The text of a field, noting what is wrong with it.
    pub(crate) fn text(&mut self, field: &crate::Field, value: Option<String>) -> String {
        let value = self.present(field, value);
        let (Some(value), Rule::Text { min, max, alphabet }) = (value, field.rule) else {
            return String::new();
        };
        let value = alphabet.store(value);
        // A character takes at most four bytes: a text over four times the limit need not be counted.
        let too_long = value.len() > max * 4 || value.chars().count() > max;
        if too_long || value.chars().count() < min {
            self.add(field.name, format!("takes {min} to {max} characters"));
        } else if !alphabet.has(&value) {
            self.add(field.name, format!("takes {alphabet}"));
        }
        value
    }

    /// The text of a field that was given, or the one that is there: what was stored is not judged again.
    pub(crate) fn text_or(
        &mut self,
        field: &crate::Field,
        value: Option<String>,
        present: &str,
    ) -> String {
        match value {
            Some(value) => self.text(field, Some(value)),
            None => present.to_owned(),
        }
    }

    /// The id of a field that was given, or the one that is there.
    pub(crate) fn reference_or(
        &mut self,
        field: &crate::Field,
        value: Option<u64>,
        present: u64,
    ) -> u64 {
        value.map_or(present, |value| self.reference(field, Some(value)))
    }

    /// The id in a field that refers to another collection, noting what is wrong with it.
    pub(crate) fn reference(&mut self, field: &crate::Field, value: Option<u64>) -> u64 {
        let Some(id) = self.present(field, value) else { return 0 };
        if !(1..=MAX_ID).contains(&id) {
            self.add(field.name, format!("takes an id from 1 to {MAX_ID}"));
        }
        id
    }

    fn present<T>(&mut self, field: &crate::Field, value: Option<T>) -> Option<T> {
        if value.is_none() && field.required {
            self.add(field.name, MISSING);
        }
        value
    }
}
