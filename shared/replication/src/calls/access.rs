//! Whether a store may answer a client: what only the primary of a collection does, and what a copy does too.

use std::error::Error;
use std::time::Instant;

use super::ServedStore;
use crate::Role;
use crate::follower::{CollectionLocation, OwnershipCache};

/// Why a store does not answer a client.
#[derive(Debug)]
pub enum Denied<E: Error + 'static> {
    /// The collection is elsewhere: at this URL, if that is known. None is named while that is being settled.
    Elsewhere(Option<String>),
    /// This copy is too far behind to be read. Its primary is at this URL, if that is known.
    Stale(Option<String>),
    /// The store cannot say.
    Store(E),
}

/// Refuses a write that belongs elsewhere, before anything is asked for it. The store decides again, in the transaction
/// of the write.
///
/// # Errors
/// If another store is the primary of the collection.
pub async fn may_write<S: ServedStore>(
    store: &S,
    cache: &OwnershipCache,
) -> Result<(), Denied<S::Error>> {
    if cache.was_here(|| store.role()) { Ok(()) } else { is_primary(store, cache).await }
}

/// Refuses what only the primary does, by the store's own word.
///
/// # Errors
/// If another store is the primary of the collection.
pub async fn is_primary<S: ServedStore>(
    store: &S,
    cache: &OwnershipCache,
) -> Result<(), Denied<S::Error>> {
    match cache.place(store).await.map_err(Denied::Store)? {
        CollectionLocation::Here => Ok(()),
        CollectionLocation::Follows { primary } | CollectionLocation::Gone { primary } => {
            Err(Denied::Elsewhere(primary))
        }
    }
}

/// Refuses a read if this store may not answer it. A copy that is not complete would show part of a list as the
/// whole, and one that is too old would show what has changed since. That is settled before anything is read, by the store's
/// own word.
///
/// # Errors
/// If the collection is gone from here, not copied yet or too far behind.
pub async fn may_read<S: ServedStore>(
    store: &S,
    cache: &OwnershipCache,
) -> Result<(), Denied<S::Error>> {
    // Whether the store is a copy that is too old to be read, or does not know how old it is.
    if store.role() == Role::Follower
        && cache.progress.is_stale(Instant::now())
        && let CollectionLocation::Follows { primary } =
            cache.place(store).await.map_err(Denied::Store)?
    {
        return Err(Denied::Stale(primary));
    }
    if store.role() == Role::Follower && store.serves() {
        return Ok(());
    }
    still_serves(store, cache).await
}

/// Refuses what was read from a copy that another program may have begun to clear.
///
/// # Errors
/// If the collection is gone from here.
pub async fn still_serves<S: ServedStore>(
    store: &S,
    cache: &OwnershipCache,
) -> Result<(), Denied<S::Error>> {
    if cache.was_here(|| store.role()) {
        return Ok(());
    }
    match cache.place(store).await.map_err(Denied::Store)? {
        CollectionLocation::Here | CollectionLocation::Follows { .. } => Ok(()),
        CollectionLocation::Gone { primary } => Err(Denied::Elsewhere(primary)),
    }
}

impl<E: Error + 'static> Denied<E> {
    /// What a client is told about a collection that is elsewhere.
    pub const ELSEWHERE: &str = "another service is the primary of this collection, and Banyan-Primary says where; \
                                 nothing was stored";
    /// What a client is told while it is not settled where the collection is.
    pub const NOWHERE: &str = "this collection is being handed over; nothing was stored; ask again";
    /// What a client is told about a copy that is too far behind.
    pub const STALE: &str =
        "this copy is too far behind, or does not know how far; ask the primary of the collection";
}
