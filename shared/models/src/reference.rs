//! What leads from one collection to another: by name, and by id.

use std::borrow::Cow;

/// A name in a description. Most are written in the program; one that is known only at run time is owned.
pub type Name = Cow<'static, str>;

/// A collection that fields of another one refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name: `users`.
    pub collection: Name,
    /// One member's name in sentences: `user`.
    pub member: Name,
}

/// A field's value that names a member of another collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The field that holds the id.
    pub field: Name,
    /// The collection it points into.
    pub target: Target,
    /// The id that must exist there.
    pub id: u64,
}

impl Target {
    /// The collection of this name, with its members' name.
    pub const fn new(collection: &'static str, member: &'static str) -> Self {
        Self { collection: Cow::Borrowed(collection), member: Cow::Borrowed(member) }
    }
}
