//! A program: its name and the collections it serves. Everything else follows from them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use crate::callers::Callers;
use crate::moving::StoredCollection;
use crate::neighbour::{Local, Neighbours};
use crate::openapi::Access;
use crate::served::Served;
use actix_web::web::Data;
use futures_util::future::select;
use models::{Cell, Collection, Name, Target};
use replication::calls::Moving;
use replication::follower::{OwnershipCache, keep};
use runtime::Clients;
use store::{Role, Store, StoreError};

/// A program of the board.
pub struct Program {
    pub(crate) name: Name,
    pub(crate) parts: Vec<Part>,
}

impl Program {
    /// A program that serves no collection yet.
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), parts: Vec::new() }
    }

    /// The program that serves this collection alone, and has its name.
    pub fn alone(collection: Collection) -> Self {
        Self::new(collection.name.clone()).serves(collection)
    }

    /// The same program, serving this collection too.
    pub fn serves(mut self, collection: Collection) -> Self {
        let ownership_cache = Arc::new(OwnershipCache::new(collection.name.to_string()));
        self.parts.push(Part { collection: Arc::new(collection), ownership_cache });
        self
    }

    /// What it is called in logs and messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the collections that it serves.
    pub(crate) fn collections(&self) -> Vec<Name> {
        self.parts.iter().map(|part| part.collection.name.clone()).collect()
    }

    /// The collections that it refers to and does not serve itself.
    pub(crate) fn neighbours(&self) -> Vec<Target> {
        let served = self.collections();
        let targets = self.parts.iter().flat_map(|part| part.collection.targets());
        let mut neighbours: Vec<_> = targets.cloned().collect();
        neighbours.retain(|target| !served.contains(&target.collection));
        neighbours.dedup();
        neighbours
    }
}

/// What all collections of a program share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) store: Arc<Store>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) moving: Arc<Moving>,
    pub(crate) read_only: bool,
    pub(crate) callers: Arc<Callers>,
    /// What the descriptions of the collections say of writes.
    pub(crate) access: Access,
}

/// A collection that a program serves.
pub(crate) struct Part {
    pub(crate) collection: Arc<Collection>,
    /// What the program knows of its ownership.
    pub(crate) ownership_cache: Arc<OwnershipCache>,
}

impl Part {
    fn stored(&self, store: &Arc<Store>) -> StoredCollection {
        let (store, collection) = (Arc::clone(store), Arc::clone(&self.collection));
        StoredCollection { store, collection }
    }

    /// Itself, for the other collections of the program.
    pub(crate) fn neighbour(&self, store: &Arc<Store>, clients: &Arc<Clients>) -> Local {
        Local::new(self.stored(store), Arc::clone(&self.ownership_cache), Arc::clone(clients))
    }

    /// Takes note of its ownership. A store that was never used is to follow `follow`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn look(
        &self,
        store: &Arc<Store>,
        follow: Option<&str>,
    ) -> Result<(), StoreError> {
        let ownership = self.ownership_cache.ask(&self.stored(store)).await?;
        let Some(url) = follow else { return Ok(()) };
        let moved = ownership.role != Role::Primary || ownership.epoch > 1;
        if ownership.rows && !moved {
            log::warn!("does not follow {url}: this store has been in use by itself");
        } else if !moved {
            self.ownership_cache.intend(url);
        }
        Ok(())
    }

    /// Stores the demo data in an empty store; says whether it did.
    ///
    /// # Errors
    /// If the store cannot be written, or the demo data cannot be read.
    pub(crate) async fn seed(&self, store: &Store) -> Result<bool, StoreError> {
        let rows = demo(&self.collection)?;
        match store.seed(&self.collection, rows).await {
            // A collection that moved away has its rows at its primary.
            Err(StoreError::NotPrimary { .. }) => Ok(false),
            seeded => seeded,
        }
    }

    /// Makes sure that no other store was made its primary. Then gives the tasks that act on its ownership until
    /// the program stops. The other side of a move may be at `elsewhere`.
    pub(crate) async fn keep(
        &self,
        context: &Context,
        elsewhere: Vec<String>,
    ) -> impl Future<Output = ()> + 'static {
        let moving = Arc::clone(&context.moving);
        let (stored, peers) = (self.stored(&context.store), moving.peers.clone());
        let tasks = keep(stored, peers, Arc::clone(&self.ownership_cache), elsewhere).await;
        async move {
            select(pin!(tasks), pin!(moving.stopped())).await;
        }
    }

    /// What its handlers work with.
    pub(crate) fn served(&self, context: &Context) -> Data<Served> {
        let Context { store, neighbours, moving, read_only, callers, access: _ } = context.clone();
        let (collection, ownership_cache) =
            (Arc::clone(&self.collection), Arc::clone(&self.ownership_cache));
        Data::new(Served {
            collection,
            store,
            neighbours,
            ownership_cache,
            moving,
            read_only,
            callers,
        })
    }
}

/// The members of the demo data.
fn demo(collection: &Collection) -> Result<Vec<Vec<Cell>>, StoreError> {
    let unreadable = |error| StoreError::Failed(Arc::new(error));
    let members: Vec<serde_json::Value> =
        serde_json::from_str(&collection.demo).map_err(unreadable)?;
    let cells = members.into_iter().map(|member| {
        let draft = collection.draft(member).map_err(unreadable)?;
        collection.whole(draft).map_err(StoreError::Invalid)
    });
    cells.collect()
}
