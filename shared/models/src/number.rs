//! Whole numbers in JSON. Any whole number is one to read, however it is written (JSON Schema, Core, 4.2.3: `5.0` is the
//! integer 5).

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Beyond 2^53 a double skips whole numbers, so it might name another one than was meant.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads the id of a member. Whether it can be one is for the rule to say.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_u64(Id)
}

/// Reads a whole number of 64 bits.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    deserializer.deserialize_i64(Integer)
}

struct Id;

impl Visitor<'_> for Id {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        // No id is negative, and none is 0.
        Ok(u64::try_from(number).unwrap_or(0))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        match number {
            _ if number.fract() != 0.0 => Err(E::invalid_type(Unexpected::Float(number), &self)),
            0.0..=EXACT => Ok(number as u64),
            // Out of range on either side: no id.
            _ => Ok(0),
        }
    }
}

struct Integer;

impl Visitor<'_> for Integer {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 64 bits")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        let unexpected = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
        i64::try_from(number).map_err(unexpected)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        if number.fract() == 0.0 && number.abs() <= EXACT {
            return Ok(number as i64);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}
