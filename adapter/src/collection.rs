//! What is installed: a collection, and the tables that it spans.

use std::fmt;
use std::str::FromStr;

use crate::key::KeyColumn;
use crate::name::quoted;

/// The most letters of a collection's name: with what stands before it, PostgreSQL keeps 63.
const MAX_NAME: usize = 40;

/// What an operator asks to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The schema that everything is made in. It is made too, unless it is there.
    pub schema: String,
    /// The collection.
    pub name: CollectionName,
    /// The path of the collection in the application: `/api/products`.
    pub path: String,
    /// Its tables as SQL names them, such as `products` or `shop.products`.
    pub tables: Vec<String>,
    /// The columns of each table's key; if this is empty, the primary key of each.
    pub keys: Vec<Vec<String>>,
}

/// The name of a collection: the last segment of its path. It has 1 to 40 of the characters a-z, 0-9, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionName(String);

/// A path that names no collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "takes a path such as /api/products; its last segment names the collection: 1 to {MAX_NAME} of a-z, 0-9, _ and -"
)]
pub struct NotAName;

impl CollectionName {
    /// The name in the path of a collection.
    ///
    /// # Errors
    /// If the path begins with no slash, or ends with none of these names.
    pub fn in_path(path: &str) -> Result<Self, NotAName> {
        let plain = path.starts_with('/') && !path.contains(['?', '#', ' ']);
        let (_, name) = path.rsplit_once('/').filter(|_| plain).ok_or(NotAName)?;
        name.parse()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CollectionName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let named = (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(allowed);
        if named { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

impl fmt::Display for CollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A collection as it is, or is to be, installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The schema of what is installed.
    pub schema: String,
    /// Its name.
    pub name: CollectionName,
    /// Its path.
    pub path: String,
    /// Its tables.
    pub members: Vec<Member>,
}

impl Collection {
    /// The numbers in `pg_class` of all tables that writes can go to.
    pub(crate) fn oids(&self) -> Vec<u32> {
        let relations = self.members.iter().flat_map(|member| &member.relations);
        relations.map(|relation| relation.oid).collect()
    }
}

/// A table of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number in the collection, from 1.
    pub number: i16,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The columns of its primary key.
    pub key: Vec<KeyColumn>,
    /// Itself and every table below it, itself first.
    pub relations: Vec<Relation>,
}

/// A table that writes can go to: a table of a collection, a partition of it, or a table that inherits from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its number in `pg_class`.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub shape: Shape,
    /// Whether it has a trigger that could change a row before it is updated.
    pub rewrites: bool,
}

/// What a table is, for triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Has rows of its own. One that inherits from another is such a table too.
    Plain,
    /// Has partitions. PostgreSQL copies its row triggers to them.
    Partitioned,
    /// A partition, which may have partitions itself.
    Partition,
}

impl Relation {
    /// Its name in SQL.
    pub(crate) fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

impl Member {
    /// Its name in SQL.
    pub(crate) fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::CollectionName;

    #[test]
    fn the_last_segment_of_a_path_names_the_collection() {
        let name = |path: &str| CollectionName::in_path(path).map(|name| name.to_string());
        assert_eq!(name("/api/products").as_deref(), Ok("products"));
        assert_eq!(name("/v1/order-lines_2").as_deref(), Ok("order-lines_2"));
        for path in ["", "products", "/api/", "/api/Products", "/api/a?b", "/api/a'b"] {
            assert!(name(path).is_err(), "{path}");
        }
        assert!(name(&format!("/{}", "x".repeat(41))).is_err());
    }
}
