//! A collection in the same store.

use std::marker::PhantomData;
use std::sync::Arc;

use models::Model;
use store::{Record, Store};

use super::ask::Asker;
use super::{Answer, Neighbour, silent};
use crate::clients::Clients;
use crate::moving::{Custody, Found, Place};
use crate::observe::Trace;
use crate::problem::Problem;

/// A collection in the same store, which may have moved away from it.
pub(crate) struct Local<R> {
    store: Arc<Store>,
    custody: Arc<Custody>,
    owner: Asker,
    record: PhantomData<R>,
}

impl<R: Record> Local<R> {
    pub(crate) fn new(store: Arc<Store>, custody: Arc<Custody>, clients: Arc<Clients>) -> Self {
        let owner = Asker::new(R::TABLE.name, clients);
        Self { store, custody, owner, record: PhantomData }
    }

    /// What the store has, and what only its owner can say.
    async fn find(&self, id: u64, trace: &Trace) -> Result<bool, Problem> {
        let failed = |error| Problem::of_store(error, <R::Content as Model>::NAME, Some(id));
        let found = self.custody.find::<R>(&self.store, id).await.map_err(failed)?;
        let Found::Missing(place) = found else { return Ok(true) };
        match place {
            Place::Here => Ok(false),
            Place::Follows { owner } | Place::Gone { owner } => {
                let owner = owner.ok_or_else(|| silent(R::TABLE.name, id))?;
                let answer = self.owner.ask(&owner, id, trace).await;
                answer.ok_or_else(|| silent(R::TABLE.name, id))
            }
        }
    }
}

impl<R: Record> Neighbour for Local<R> {
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a> {
        Box::pin(self.find(id, trace))
    }
}
