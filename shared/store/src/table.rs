//! The tables of a store.

use std::io;
use std::sync::Arc;

use models::Collection;
use replication::PositionWatch;

use crate::StoreError;
use crate::sql::{Dialect, Statements};

/// What there is of one collection in a store.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) statements: Statements,
    pub(crate) position_watch: PositionWatch,
}

/// The tables of a store. Their SQL is made once, when it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Tables(Vec<Arc<Table>>);

impl Tables {
    pub(crate) fn new(collections: &[Arc<Collection>], dialect: Dialect) -> Self {
        let table = |collection: &Arc<Collection>| {
            let statements = Statements::new(Arc::clone(collection), dialect);
            Arc::new(Table { statements, position_watch: PositionWatch::new() })
        };
        Self(collections.iter().map(table).collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.0.iter()
    }

    /// The table of a collection.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the store was opened without it.
    pub(crate) fn find(&self, collection: &Collection) -> Result<&Arc<Table>, StoreError> {
        let name = &collection.name;
        let found = self.all().find(|table| table.statements.collection.name == *name);
        found.ok_or_else(|| {
            StoreError::failed(io::Error::other(format!("the store was opened without {name}")))
        })
    }
}
