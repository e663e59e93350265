//! The collection that calls are about.

use std::sync::Arc;

use serde::Serialize;

use super::refused::of_move;
use super::{CallRefusal, Moving, ServedStore};
use crate::follower::OwnershipCache;
use crate::{ErrorCode, MoveError};

/// Answers the calls about one collection. Cheap to clone.
#[derive(Debug)]
pub struct Answering<S> {
    pub(super) store: S,
    pub(super) cache: Arc<OwnershipCache>,
    pub(super) moving: Arc<Moving>,
}

impl<S: Clone> Clone for Answering<S> {
    fn clone(&self) -> Self {
        let (cache, moving) = (Arc::clone(&self.cache), Arc::clone(&self.moving));
        Self { store: self.store.clone(), cache, moving }
    }
}

impl<S: ServedStore> Answering<S> {
    /// For the collection of this store. `cache` and `moving` are those of the tasks that act on its ownership.
    pub fn new(store: S, cache: Arc<OwnershipCache>, moving: Arc<Moving>) -> Self {
        Self { store, cache, moving }
    }

    /// What a failure of the store means to a caller.
    pub(super) fn failed(&self) -> impl Fn(S::Error) -> CallRefusal {
        |error| self.store.refusal(&error)
    }

    /// What a refused step means to a caller.
    pub(super) fn refused(&self) -> impl Fn(MoveError<S::Error>) -> CallRefusal {
        of_move(&self.store)
    }
}

/// An answer as JSON.
///
/// # Errors
/// If it cannot be written.
pub(super) fn json(answer: &impl Serialize) -> Result<Vec<u8>, CallRefusal> {
    serde_json::to_vec(answer).map_err(|error| {
        let detail = "a fault of the service; its log has the cause";
        CallRefusal::new(ErrorCode::Internal, detail).because(log::Level::Error, &error)
    })
}
