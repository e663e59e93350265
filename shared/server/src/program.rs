//! A program: its name and the collections it serves. Everything else follows from them.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use futures_util::future::join3;
use models::{Model, Rule, Target};
use runtime::Clients;
use store::{Record, Role, Store, StoreError, Table};

use crate::collection::{self, Collection};
use crate::moving::{Moving, OwnershipCache, Replicator, SplitBrainCheck, beat};
use crate::neighbour::{Local, Neighbour, Neighbours};

/// A program of the board.
pub struct Program {
    pub(crate) name: &'static str,
    pub(crate) parts: Vec<Box<dyn Part>>,
}

impl Program {
    /// A program that serves no collection yet.
    pub fn new(name: &'static str) -> Self {
        Self { name, parts: Vec::new() }
    }

    /// The same program, serving this collection too. `demo` is a JSON array of the contents that
    /// `SEED=demo` stores.
    pub fn serves<R: Record>(mut self, demo: &'static str) -> Self {
        let ownership_cache = Arc::new(OwnershipCache::new(R::TABLE.name));
        self.parts.push(Box::new(Served::<R> { demo, ownership_cache, record: PhantomData }));
        self
    }

    /// What it is called in logs and messages.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The collections that it serves.
    pub(crate) fn collections(&self) -> Vec<&'static str> {
        self.parts.iter().map(|part| part.table().name).collect()
    }

    /// The collections that it refers to and does not serve itself.
    pub(crate) fn neighbours(&self) -> Vec<Target> {
        let served = self.collections();
        let mut neighbours: Vec<_> = self.parts.iter().flat_map(|part| part.references()).collect();
        neighbours.retain(|target| !served.contains(&target.collection));
        neighbours.dedup();
        neighbours
    }
}

/// A collection that a program serves, whatever its record is.
pub(crate) trait Part: Send + Sync {
    fn table(&self) -> Table;
    /// The collections that its members refer to.
    fn references(&self) -> Vec<Target>;
    /// What the program knows of its ownership.
    fn ownership_cache(&self) -> &Arc<OwnershipCache>;
    /// Itself, for the other collections of the program.
    fn neighbour(&self, store: &Arc<Store>, clients: &Arc<Clients>) -> Arc<dyn Neighbour>;
    /// Takes note of who owns it; one that was never used is to follow `follow`.
    fn look<'a>(&'a self, store: &'a Store, follow: Option<&'a str>) -> Work<'a, ()>;
    /// Stores the demo data in an empty store; says whether it did.
    fn seed<'a>(&'a self, store: &'a Store) -> Work<'a, bool>;
    /// Makes sure that nobody else was made its primary; then gives what acts on who owns it until the program stops.
    /// The other side of a move may be at `elsewhere`.
    fn keep(&self, context: &Context, elsewhere: Vec<String>) -> Task<'_, Task<'static>>;
    fn mount(&self, config: &mut ServiceConfig, context: &Context);
}

type Task<'a, T = ()> = Pin<Box<dyn Future<Output = T> + 'a>>;
type Work<'a, T> = Task<'a, Result<T, StoreError>>;

/// What all collections of a program share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) store: Arc<Store>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) moving: Arc<Moving>,
    pub(crate) read_only: bool,
}

struct Served<R> {
    demo: &'static str,
    ownership_cache: Arc<OwnershipCache>,
    record: PhantomData<R>,
}

impl<R: Record> Part for Served<R> {
    fn table(&self) -> Table {
        R::TABLE
    }

    fn references(&self) -> Vec<Target> {
        let fields = <R::Content as Model>::FIELDS.iter();
        let references = fields.filter_map(|field| match field.rule {
            Rule::Reference(target) => Some(target),
            Rule::Text { .. } => None,
        });
        references.collect()
    }

    fn ownership_cache(&self) -> &Arc<OwnershipCache> {
        &self.ownership_cache
    }

    fn neighbour(&self, store: &Arc<Store>, clients: &Arc<Clients>) -> Arc<dyn Neighbour> {
        let (store, ownership_cache) = (Arc::clone(store), Arc::clone(&self.ownership_cache));
        Arc::new(Local::<R>::new(store, ownership_cache, Arc::clone(clients)))
    }

    fn look<'a>(&'a self, store: &'a Store, follow: Option<&'a str>) -> Work<'a, ()> {
        Box::pin(async move {
            let ownership = self.ownership_cache.ask::<R>(store).await?;
            let Some(url) = follow else { return Ok(()) };
            let moved = ownership.role != Role::Primary || ownership.epoch > 1;
            if ownership.rows && !moved {
                log::warn!("does not follow {url}: this store has been in use by itself");
            } else if !moved {
                self.ownership_cache.intend(url);
            }
            Ok(())
        })
    }

    fn seed<'a>(&'a self, store: &'a Store) -> Work<'a, bool> {
        Box::pin(async {
            let contents = serde_json::from_str(self.demo)
                .map_err(|error| StoreError::Failed(Arc::new(error)))?;
            match store.seed::<R>(contents).await {
                // A collection that moved away has its rows where it is.
                Err(StoreError::NotPrimary { .. }) => Ok(false),
                seeded => seeded,
            }
        })
    }

    #[expect(clippy::async_yields_async, reason = "what it gives runs as long as the program")]
    fn keep(&self, context: &Context, elsewhere: Vec<String>) -> Task<'_, Task<'static>> {
        let Context { store, moving, .. } = context.clone();
        let ownership_cache = Arc::clone(&self.ownership_cache);
        let parts = || (Arc::clone(&store), Arc::clone(&moving), Arc::clone(&ownership_cache));
        let (shared, told, known) = parts();
        let mut split_brain_check =
            SplitBrainCheck::<R>::new(shared, told, known, elsewhere.clone());
        let (shared, told, known) = parts();
        let beats = beat::<R>(shared, told, known);
        let replicator = Replicator::<R>::new(store, moving, ownership_cache, elsewhere);
        Box::pin(async move {
            split_brain_check.begin().await;
            let all = async move {
                join3(replicator.keep(), beats, split_brain_check.watch()).await;
            };
            Box::pin(all) as Task<'static>
        })
    }

    fn mount(&self, config: &mut ServiceConfig, context: &Context) {
        let Context { store, neighbours, moving, read_only } = context.clone();
        let ownership_cache = Arc::clone(&self.ownership_cache);
        let record = PhantomData;
        let collection =
            Collection::<R> { store, neighbours, ownership_cache, moving, read_only, record };
        collection::mount(config, Data::new(collection));
    }
}
