//! An application's database with a collection in it.

use std::collections::BTreeMap;
use std::time::Duration;

use adapter::{AdapterStore, Collection, CollectionName, Error, Feed, Session, Wanted, install};
use harness::TestDatabase;
use replication::FeedCursor;
use tokio_postgres::{Client, NoTls};

pub(crate) const SCHEMA: &str = "banyan";

/// A database for one test.
pub(crate) struct App {
    pub(crate) database: TestDatabase,
    pub(crate) session: Session,
}

/// What the feed has of each key: the number of the transaction that changed it last.
pub(crate) type Seen = BTreeMap<String, u64>;

impl App {
    pub(crate) async fn with(sql: &str) -> Self {
        let database = harness::postgres().await;
        database.execute(sql).await;
        let session = Session::open(&database.url().parse().unwrap()).await.unwrap();
        Self { database, session }
    }

    pub(crate) async fn try_install(
        &self,
        path: &str,
        tables: &[&str],
    ) -> Result<Collection, Error> {
        Ok(install(&self.session, &wanted(path, tables)).await?.collection)
    }

    pub(crate) async fn install(&self, path: &str, tables: &[&str]) -> Collection {
        self.try_install(path, tables).await.unwrap()
    }

    /// What is installed for a path, as a store.
    pub(crate) async fn store(&self, path: &str) -> AdapterStore {
        let url = self.database.url().parse().unwrap();
        AdapterStore::open(&url, SCHEMA, &name(path), 4).await.unwrap()
    }

    /// A connection of the application.
    pub(crate) async fn client(&self) -> Client {
        connect(self.database.url()).await
    }

    /// All of the feed, with what has no turn yet: other tests on the server have transactions too.
    pub(crate) async fn seen(&self, collection: &Collection) -> Seen {
        let feed = Feed::of(collection);
        let page = feed.page(&self.session, &FeedCursor::START, 1_000_000).await.unwrap();
        assert!(!page.more);
        let all = page.changes.iter().chain(&page.ahead);
        all.map(|change| (change.key.shown().into_owned(), change.position)).collect()
    }

    /// The keys that have changed since.
    pub(crate) async fn changed(&self, collection: &Collection, before: &Seen) -> Vec<String> {
        let mut seen = self.seen(collection).await;
        seen.retain(|key, position| before.get(key) != Some(position));
        seen.into_keys().collect()
    }
}

pub(crate) fn name(path: &str) -> CollectionName {
    CollectionName::in_path(path).unwrap()
}

pub(crate) fn wanted(path: &str, tables: &[&str]) -> Wanted {
    Wanted {
        schema: SCHEMA.to_owned(),
        name: name(path),
        path: path.to_owned(),
        tables: tables.iter().map(|table| (*table).to_owned()).collect(),
        keys: Vec::new(),
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

/// The SQLSTATE and the message of a statement that failed.
pub(crate) fn refusal(result: Result<(), tokio_postgres::Error>) -> (String, String) {
    let error = result.unwrap_err();
    let error = error.as_db_error().unwrap_or_else(|| panic!("no refusal: {error:?}"));
    (error.code().code().to_owned(), error.message().to_owned())
}

/// Fences a store that is in its first epoch.
pub(crate) async fn close(store: &AdapterStore) {
    store.fence("move", 1, Duration::from_secs(60)).await.unwrap();
}

/// Ends that fence.
pub(crate) async fn open(store: &AdapterStore) {
    store.release("move").await.unwrap();
}
