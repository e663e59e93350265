//! One collection of an application's database, as a store of a move.

mod apply;
mod changes;
mod collection_store;
mod compare;
mod fit;
mod followers;
mod leave;
mod open;
mod ownership;
mod sessions;
mod steps;
mod transaction;
mod walk;

use std::sync::{Arc, Mutex};

use postgres::blocking::BlockingCheck;
use replication::{Heard, Position, PositionWatch, Role};
use tokio::sync::watch;

use self::ownership::Statements;
use self::sessions::Sessions;
use crate::collection::Collection;
use crate::feed::Feed;
use crate::objects::Objects;
use crate::sequences;
use crate::session::{Error, Session};

/// A collection in the database of an application, with the ownership, the feed and the rows that the protocol of a move is
/// about. Cheap to clone. Several processes may have one on the same database.
#[derive(Clone, Debug)]
pub struct AdapterStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sessions: Sessions,
    collection: Collection,
    objects: Objects,
    statements: Statements,
    /// The statement that purges.
    purge: String,
    feed: Feed,
    watch: PositionWatch,
    blocking: BlockingCheck,
    /// Up to where the feed was searched for deleted rows.
    scanned: Mutex<(i64, String)>,
}

impl AdapterStore {
    /// What is installed.
    pub fn collection(&self) -> &Collection {
        &self.inner.collection
    }

    /// How far the store is, as this process knows it, without asking the database. What the application writes is
    /// known only after the next [`AdapterStore::ownership`].
    pub fn position(&self) -> Position {
        self.inner.watch.known().position
    }

    /// The role of the store, as this process knows it, without asking the database. A store that was cancelled counts
    /// as retired.
    pub fn role(&self) -> Role {
        self.inner.watch.known().role
    }

    /// Whether the rows here may be read, as this process knows it, without asking the database. Those of a follower may be
    /// read once it has copied everything that there was.
    pub fn serves(&self) -> bool {
        self.inner.watch.known().serves
    }

    /// Hears after each change that this process makes or learns of how far the store is.
    pub fn heard(&self) -> watch::Receiver<Heard> {
        self.inner.watch.changed()
    }

    /// The highest number that was ever given as a key.
    async fn last_id(&self, session: &Session) -> Result<u64, Error> {
        let Inner { collection, objects, .. } = &*self.inner;
        sequences::last_id(session, collection, objects).await
    }
}
