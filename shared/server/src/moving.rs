//! Moving a collection from one program to another: what a program answers under `/-/`, and what the tasks of
//! [`replication::follower`] are given.

mod shared;
mod stored_collection;

mod endpoints;

mod metrics;
mod spawn_blocking;

pub(crate) use self::endpoints::mount;
pub(crate) use self::metrics::OwnershipMetrics;
pub(crate) use self::shared::Moving;
pub(crate) use self::stored_collection::{Found, StoredCollection};
