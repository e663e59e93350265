//! Moving a collection from one program to another: the store as [`replication`] uses it, and the paths under `/-/`.

mod endpoints;
mod stored_collection;

pub(crate) use self::endpoints::mount;
pub(crate) use self::stored_collection::{Found, StoredCollection};
