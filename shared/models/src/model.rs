//! What the three models have in common.

use std::fmt::Debug;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::Serialize;

use crate::rules::{FieldErrors, MAX_ID, Rule};

/// The content of one member of a collection.
pub trait Model:
    Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static
{
    /// The collection's name in paths: `users`.
    const COLLECTION: &'static str;
    /// One member's name in sentences: `user`.
    const NAME: &'static str;
    /// Each field a client may write, in wire order.
    const FIELDS: &'static [Field];
    /// Whether the basic view carries the id.
    const BASIC_HAS_ID: bool;

    /// What a client sends: each field may be missing, no other may be there.
    type Input: DeserializeOwned + Serialize + Debug + Send + 'static;

    /// The model that the input describes.
    ///
    /// # Errors
    /// One entry for each field that is missing or breaks its rule.
    fn from_input(input: Self::Input) -> Result<Self, FieldErrors>;

    /// The input with this content in place of each missing field (RFC 7396, JSON Merge Patch).
    fn merge(&self, patch: Self::Input) -> Self::Input;

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

/// A field that names a member of another collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field that holds the id.
    pub field: &'static str,
    /// The collection it points into.
    pub collection: &'static str,
    /// The id that must exist there.
    pub id: u64,
}

impl Reference {
    /// The reference, where the field was given an id that a member could have.
    pub(crate) fn given(
        field: &'static str,
        collection: &'static str,
        id: Option<u64>,
    ) -> Option<Self> {
        id.filter(|id| (1..=MAX_ID).contains(id)).map(|id| Self { field, collection, id })
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
