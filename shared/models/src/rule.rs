//! What the value of one field must meet, said once: checked on the way in, described by the API's schema.

use crate::{Alphabet, Kind, Target};

/// The largest id a store gives out: both engines count in signed 64-bit integers.
pub const MAX_ID: u64 = i64::MAX as u64;

/// What a field's value must meet.
#[derive(Clone, Debug)]
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
    /// A whole number from `min` to `max`.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// True or false.
    Boolean,
    /// A point in time (RFC 3339).
    Time,
    /// The id of a member of another collection.
    Reference(Target),
}

impl Rule {
    /// The type of the values that it allows.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text { .. } => Kind::Text,
            Self::Integer { .. } => Kind::Integer,
            Self::Boolean => Kind::Boolean,
            Self::Time => Kind::Time,
            Self::Reference(_) => Kind::Id,
        }
    }
}
