//! A program: its name and the collections it serves. Everything else follows from them.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use models::{Model, Rule};
use store::{Record, Store, StoreError, Table};

use crate::collection::{self, Collection};
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
        self.parts.push(Box::new(Served::<R> { demo, record: PhantomData }));
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
    pub(crate) fn neighbours(&self) -> Vec<&'static str> {
        let served = self.collections();
        let mut neighbours: Vec<_> = self.parts.iter().flat_map(|part| part.references()).collect();
        neighbours.retain(|collection| !served.contains(collection));
        neighbours.dedup();
        neighbours
    }
}

/// A collection that a program serves, whatever its record is.
pub(crate) trait Part: Send + Sync {
    fn table(&self) -> Table;
    /// The collections that its members refer to.
    fn references(&self) -> Vec<&'static str>;
    /// Itself, for the other collections of the program.
    fn neighbour(&self, store: &Arc<Store>) -> Arc<dyn Neighbour>;
    /// Stores the demo data in an empty store; says whether it did.
    fn seed<'a>(&'a self, store: &'a Store) -> Seeding<'a>;
    fn mount(&self, config: &mut ServiceConfig, context: &Context);
}

type Seeding<'a> = Pin<Box<dyn Future<Output = Result<bool, StoreError>> + 'a>>;

/// What all collections of a program share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) store: Arc<Store>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) read_only: bool,
}

struct Served<R> {
    demo: &'static str,
    record: PhantomData<R>,
}

impl<R: Record> Part for Served<R> {
    fn table(&self) -> Table {
        R::TABLE
    }

    fn references(&self) -> Vec<&'static str> {
        let fields = <R::Content as Model>::FIELDS.iter();
        let references = fields.filter_map(|field| match field.rule {
            Rule::Reference(collection) => Some(collection),
            Rule::Text { .. } => None,
        });
        references.collect()
    }

    fn neighbour(&self, store: &Arc<Store>) -> Arc<dyn Neighbour> {
        Arc::new(Local::<R>::new(Arc::clone(store)))
    }

    fn seed<'a>(&'a self, store: &'a Store) -> Seeding<'a> {
        Box::pin(async {
            let contents = serde_json::from_str(self.demo)
                .map_err(|error| StoreError::Failed(Arc::new(error)))?;
            store.seed::<R>(contents).await
        })
    }

    fn mount(&self, config: &mut ServiceConfig, context: &Context) {
        let Context { store, neighbours, read_only } = context.clone();
        let collection = Collection::<R> { store, neighbours, read_only, record: PhantomData };
        collection::mount(config, Data::new(collection));
    }
}
