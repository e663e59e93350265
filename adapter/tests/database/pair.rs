//! Two applications with the same tables, one of which follows the other.

use std::sync::Arc;
use std::time::Duration;

use adapter::{AdapterStore, MoveError};
use replication::{Applied, FeedCursor, Peer};

use crate::app::App;

/// A source, and a target that follows it.
pub(crate) struct Pair {
    pub(crate) source: App,
    pub(crate) target: App,
    pub(crate) from: AdapterStore,
    pub(crate) to: AdapterStore,
}

fn peer(store: String) -> Peer {
    Peer { url: format!("http://{store}/api/things"), store }
}

/// Applies pages of this size until one promises that everything is there that was there before.
pub(crate) async fn pump(
    from: &AdapterStore,
    to: &AdapterStore,
    limit: usize,
) -> Result<Applied, MoveError> {
    let wanted = from.ownership().await.unwrap().position;
    loop {
        let followed = to.ownership().await.unwrap().followed.unwrap();
        let (cursor, run) = (followed.cursor, followed.run);
        let page = from.changes(&cursor, run.as_deref(), limit).await?;
        let covered = page.covered;
        let applied = to.apply(cursor, Arc::new(page)).await?;
        if applied.promoted || covered >= wanted {
            return Ok(applied);
        }
    }
}

impl Pair {
    /// The same tables on both sides; the target follows and has nothing yet.
    pub(crate) async fn of(tables: &str, rows: &str, path: &str, members: &[&str]) -> Self {
        let source = App::with(&format!("{tables}; {rows}")).await;
        let target = App::with(tables).await;
        source.install(path, members).await;
        target.install(path, members).await;
        let (from, to) = (source.store(path).await, target.store(path).await);
        let own = from.ownership().await.unwrap();
        to.follow(peer(own.store), &own.lineage, own.epoch, None).await.unwrap();
        Self { source, target, from, to }
    }

    pub(crate) async fn pump(&self, limit: usize) -> Result<Applied, MoveError> {
        pump(&self.from, &self.to, limit).await
    }

    /// Hands the collection over, and the former source follows back.
    pub(crate) async fn switch(&self) {
        let (from, to) = (&self.from, &self.to);
        let (one, other) = (from.ownership().await.unwrap(), to.ownership().await.unwrap());
        from.fence("move", one.epoch, Duration::from_secs(60)).await.unwrap();
        from.handover("move", one.epoch, peer(other.store)).await.unwrap();
        while !pump(from, to, 1_000).await.unwrap().promoted {}
        let now = to.ownership().await.unwrap();
        let back = peer(now.store.clone());
        from.follow_back(back, now.epoch, now.since, &now.run).await.unwrap();
    }

    /// Both have the same rows.
    pub(crate) async fn is_equal(&self) {
        let (one, other) = (
            self.from.digest(None, None, 1_000_000).await,
            self.to.digest(None, None, 1_000_000).await,
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!((one.rows, one.hash), (other.rows, other.hash));
    }

    /// The place of the target.
    pub(crate) async fn cursor(&self) -> FeedCursor {
        self.to.ownership().await.unwrap().followed.unwrap().cursor
    }
}
