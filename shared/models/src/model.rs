//! What the three models have in common.

use std::fmt::{self, Debug};

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, Unexpected, Visitor};
use serde::ser::Serialize;

use crate::rules::{FieldErrors, MAX_ID, Rule};

/// The content of one member of a collection.
pub trait Model:
    Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static
{
    /// One member's name in sentences: `user`.
    const NAME: &'static str;
    /// Each field a client may write, in wire order.
    const FIELDS: &'static [Field];
    /// Whether the basic view carries the id.
    const BASIC_HAS_ID: bool;

    /// What a client sends: each field may be missing, no other may be there.
    type Input: DeserializeOwned + Serialize + Clone + Debug + Send + 'static;

    /// The model that the input describes.
    ///
    /// # Errors
    /// One entry for each field that is missing or breaks its rule.
    fn from_input(input: Self::Input) -> Result<Self, FieldErrors>;

    /// This content with each field that is given in place of its own (RFC 7396, JSON Merge Patch). Only these are
    /// judged: what is stored may be older than a rule.
    ///
    /// # Errors
    /// One entry for each given field that breaks its rule.
    fn merge(&self, patch: Self::Input) -> Result<Self, FieldErrors>;

    /// The members of other collections that the input names.
    fn references(input: &Self::Input) -> Vec<Reference>;
}

/// One field of a model, for whoever describes it: the API's schema and its documentation.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// What its value must meet.
    pub rule: Rule,
    /// Whether a new member must give it; a field that is not required is empty when not given.
    pub required: bool,
    /// One sentence for the reader of the documentation.
    pub about: &'static str,
}

/// A collection that fields of another one refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name: `users`.
    pub collection: &'static str,
    /// One member's name, as [`Model::NAME`] has it: `user`.
    pub member: &'static str,
}

/// A field that names a member of another collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field that holds the id.
    pub field: &'static str,
    /// The collection it points into.
    pub target: Target,
    /// The id that must exist there.
    pub id: u64,
}

impl Reference {
    /// The reference, if the field is one and was given an id that a member could have.
    pub(crate) fn given(field: &Field, id: Option<u64>) -> Option<Self> {
        let Rule::Reference(target) = field.rule else { return None };
        let id = id.filter(|id| (1..=MAX_ID).contains(id))?;
        Some(Self { field: field.name, target, id })
    }
}

/// Reads a field that is there: `null` is a value of another type, not a missing field.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads the id of a member. Any whole number is one to read, however it is written (JSON Schema,
/// Core, 4.2.3: `5.0` is the integer 5); whether it can be an id is for the rule to say.
pub(crate) fn given_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_u64(WholeNumber).map(Some)
}

struct WholeNumber;

impl Visitor<'_> for WholeNumber {
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
        // Beyond 2^53 a double skips whole numbers, so it might name another id than was meant.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match number {
            _ if number.fract() != 0.0 => Err(E::invalid_type(Unexpected::Float(number), &self)),
            0.0..=EXACT => Ok(number as u64),
            // Out of range on either side: no id.
            _ => Ok(0),
        }
    }
}
