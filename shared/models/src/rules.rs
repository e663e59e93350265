//! The rules of single fields, said once: checked here, described by the API's schema.

use std::fmt;

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
    /// The id of a member of the collection named.
    Reference(&'static str),
}

/// The characters that a text field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// `a-z 0-9 _ . -`
    Handle,
    /// Anything but control characters.
    Line,
    /// Anything but control characters; newline and tab are welcome.
    Lines,
}

impl Alphabet {
    fn has(self, character: char) -> bool {
        match self {
            Self::Handle => {
                matches!(character, 'a'..='z' | '0'..='9' | '_' | '.' | '-')
            }
            Self::Line => !character.is_control(),
            Self::Lines => !character.is_control() || matches!(character, '\n' | '\t'),
        }
    }

    /// The alphabet as an ECMA-262 regular expression over a whole string.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Handle => "^[a-z0-9_.-]*$",
            Self::Line => r"^[^\u0000-\u001f\u007f-\u009f]*$",
            Self::Lines => r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$",
        }
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handle => "only a-z, 0-9, `_`, `.` and `-`",
            Self::Line => "no control characters",
            Self::Lines => "no control characters but newline and tab",
        })
    }
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
        // A character takes at most four bytes: a text over four times the limit need not be counted.
        let too_long = value.len() > max * 4 || value.chars().count() > max;
        if too_long || value.chars().count() < min {
            self.add(field.name, format!("takes {min} to {max} characters"));
        } else if !value.chars().all(|character| alphabet.has(character)) {
            self.add(field.name, format!("takes {alphabet}"));
        }
        value
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
