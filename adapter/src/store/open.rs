//! Opening a store: what is installed is looked at, and a run of its history begins.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use postgres::PostgresUrl;
use postgres::blocking::BlockingCheck;
use postgres::order::TRANSACTION;
use replication::PositionWatch;
use tokio::time::sleep;

use super::followers;
use super::ownership::{OwnershipTx, Statements};
use super::sessions::Sessions;
use super::transaction::Bars;
use super::{AdapterStore, Inner};
use crate::collection::CollectionName;
use crate::feed::Feed;
use crate::objects::Objects;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::status::status;
use crate::store_error::{MoveError, StoreError};

/// How often it waits for writes that run before it begins a run without waiting.
const TRIES: u32 = 3;
/// How long others write between two tries.
const PAUSE: Duration = Duration::from_millis(200);

impl AdapterStore {
    /// Opens a collection that is installed, with at most so many sessions.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if it is not installed, or something of it is not as it must be; or if the database cannot be
    /// used.
    pub async fn open(
        url: &PostgresUrl,
        schema: &str,
        name: &CollectionName,
        sessions: usize,
    ) -> Result<Self, StoreError> {
        let session = Session::open(url).await?;
        let found = status(&session, schema, name).await?;
        let found = found.ok_or_else(|| {
            Refusal::new(format!("{name} is not installed in the schema {schema}"))
                .help("Run adapter install.")
        });
        let found = found.map_err(StoreError::failed)?;
        let collection = match (found.collection, found.faults.first()) {
            (Some(collection), None) => collection,
            (_, fault) => {
                let fault = fault.map_or_else(String::new, |fault| format!(": {fault}"));
                let reason = format!("the installation of {name} is not whole{fault}");
                let refusal = Refusal::new(reason).help("Run adapter install again.");
                return Err(StoreError::failed(refusal));
            }
        };
        drop(session);
        let objects = Objects::of(schema, name.as_str());
        let inner = Inner {
            sessions: Sessions::new(url, sessions),
            statements: Statements::new(&objects),
            purge: followers::statement(&collection, &objects),
            feed: Feed::of(&collection),
            watch: PositionWatch::new(),
            blocking: BlockingCheck::default(),
            scanned: Mutex::default(),
            collection,
            objects,
        };
        let store = Self { inner: Arc::new(inner) };
        match store.begin().await {
            Ok(()) => Ok(store),
            Err(MoveError::Store(error)) => Err(error),
            Err(refused) => Err(StoreError::failed(refused)),
        }
    }

    /// Begins a run, while no write runs. If a write does not end, the run begins all the same. Then it does not say which
    /// places there were, and a reader does not see by it whether the store was put back.
    async fn begin(&self) -> Result<(), MoveError> {
        for _ in 0..TRIES {
            match self.change("open", Bars::Writes, async |tx| self.begin_alone(tx).await).await {
                Err(MoveError::WritesRun) => sleep(PAUSE).await,
                done => return done,
            }
        }
        let begin = async |tx: &mut OwnershipTx<'_>| Ok(tx.begin_run(0, i64::MAX).await?);
        self.change("open", Bars::Steps, begin).await
    }

    async fn begin_alone(&self, tx: &mut OwnershipTx<'_>) -> Result<(), MoveError> {
        let place = tx.place().await?;
        if tx.facts.position >= tx.beyond && tx.facts.position > place {
            // The database came from another server, which counted further: nothing could be put in order behind that. Its
            // rows are numbered anew, and followers begin anew.
            log::warn!("{}: the database is on another server now", self.inner.collection.name);
            let objects = &self.inner.objects;
            let marks = format!(
                "UPDATE {} SET position = {TRANSACTION} WHERE collection = {}",
                objects.marks(),
                objects.name()
            );
            let folded = format!(
                "UPDATE {} SET folded = 0 WHERE name = {}",
                objects.collections(),
                objects.name()
            );
            let all = |table: String| format!("UPDATE {table} SET position = {TRANSACTION}");
            let statements = [all(objects.log()), all(objects.feed()), marks, folded];
            for sql in statements.iter().chain([&tx.statements.forget_runs]) {
                tx.session.batch("numbering the rows anew", sql).await?;
            }
            tx.document.since = place;
            tx.facts.position = place;
            tx.save().await?;
        }
        // Not the transaction's own place: the numbers go on even if the database was put back.
        Ok(tx.begin_run(0, tx.next_place()?).await?)
    }
}
