//! Copying and following: page after page of the source's feed. Each is applied while the next one is
//! already on its way.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use runtime::BackOff;
use tokio::time::{sleep, sleep_until};

use super::collection_store::CollectionStore;
use super::halt::{Cause, Halt};
use super::lag::Seen;
use super::replicator::Replicator;
use crate::{
    BlockingTransaction, Changes, ChangesQuery, Entry, FeedCursor, Followed, FollowerState,
    MoveError, Peer, PeerError, PeerFault, PeerPage,
};

/// The most entries of a page. Large rows end it earlier.
const PAGE_ENTRIES: usize = 5_000;
/// For how long the source may wait for a change, in milliseconds.
const WAIT_MS: u64 = 1_000;
/// How long to wait if another program has applied a page first.
const OTHERS: Duration = Duration::from_millis(100);

/// Follows until something is wrong or the ownership changes. Resets `back_off` once a page is on disk.
pub(super) async fn copy<S: CollectionStore>(
    replicator: &Replicator<S>,
    own: String,
    followed: Followed,
    back_off: &mut BackOff,
) -> Halt {
    let Followed { source, cursor, run, copied, .. } = followed;
    let mut copy = Copy { replicator, own, cursor, run, copied };
    let (url, mut page) = match copy.find(&source).await {
        Ok(found) => found,
        Err(halt) => return halt,
    };
    replicator.readdress(&source, &url).await;
    loop {
        page = match copy.turn(&url, page).await {
            Ok(page) => page,
            Err(halt) => return halt,
        };
        back_off.reset();
    }
}

/// How far a copy is.
struct Copy<'a, S> {
    replicator: &'a Replicator<S>,
    /// The id of the store that copies.
    own: String,
    /// What is on disk here.
    cursor: FeedCursor,
    run: Option<String>,
    copied: bool,
}

impl<S: CollectionStore> Copy<'_, S> {
    /// The first page, and the address of the source.
    async fn find(&self, source: &Peer) -> Result<(String, PeerPage<S::Content>), Halt> {
        let peers = self.replicator.peers.at(&source.url)?;
        let ask = ChangesQuery { wait: 0, ..self.ask(self.cursor.clone(), self.run.clone()) };
        let mut first: Option<Halt> = None;
        for url in self.replicator.addresses(source) {
            let failed: Halt = match peers.changes(&url, &ask).await {
                Ok(page) if page.changes.store == source.store => return Ok((url, page)),
                Ok(PeerPage { changes, .. }) => {
                    PeerError { url, fault: PeerFault::OtherStore { found: changes.store } }.into()
                }
                Err(error) => peers.other_store(&url, &source.store).await.unwrap_or(error).into(),
            };
            first.get_or_insert(failed);
        }
        Err(first.unwrap_or(Halt::News))
    }

    /// Applies a page while the next one is fetched.
    async fn turn(
        &mut self,
        url: &str,
        page: PeerPage<S::Content>,
    ) -> Result<PeerPage<S::Content>, Halt> {
        let PeerPage { changes, busy, at } = page;
        let progress = &self.replicator.ownership_cache.progress;
        let peers = self.replicator.peers.at(url)?;
        let (from, next, heard) = (self.cursor.clone(), changes.cursor.clone(), changes.heard());
        let rows = changes.rows().count();
        // A source whose clients wait gets time while there is a lot to fetch. New changes are fetched at once.
        let after = progress.paced(rows, busy && changes.more);
        let ask = self.ask(next.clone(), Some(heard.clone()));
        let fetched = pin!(async {
            sleep_until(after.into()).await;
            peers.changes(url, &ask).await
        });
        let changes = Arc::new(changes);
        let applied = pin!(self.replicator.store.apply(from, Arc::clone(&changes)));
        let (applied, fetched) = match select(applied, fetched).await {
            Either::Left((applied, fetched)) => (applied, Either::Left(fetched)),
            Either::Right((fetched, applied)) => (applied.await, Either::Right(fetched)),
        };
        let applied = match applied {
            Ok(applied) => applied,
            Err(error) => {
                if let MoveError::OtherCursor { present } = &error {
                    // Another program on the same database follows too, and was faster: all of the page may be here.
                    if *present >= next {
                        progress.applied(seen(&changes), 0, at);
                    }
                    sleep(OTHERS).await;
                }
                return Err(error.into());
            }
        };
        progress.limit(applied.rate);
        progress.applied(seen(&changes), applied.rows, at);
        if applied.promoted {
            log::info!("{}: this store is the primary now", self.replicator.ownership_cache.name());
            return Err(Halt::News);
        }
        (self.cursor, self.run) = (next, Some(heard));
        self.say(url, &changes);
        let page = match fetched {
            Either::Left(fetched) => fetched.await,
            Either::Right(page) => page,
        };
        Ok(page?)
    }

    /// Says how it goes.
    fn say(&mut self, url: &str, changes: &Changes<S::Content>) {
        let ownership_cache = &self.replicator.ownership_cache;
        let whole = !self.copied && changes.covered > 0;
        self.copied |= whole;
        if whole {
            log::info!("{}: has copied {url} and follows it", ownership_cache.name());
        }
        ownership_cache.copied(self.copied);
        let state = if self.copied { FollowerState::Following } else { FollowerState::Copying };
        let cause =
            |blocked: &BlockingTransaction| Cause { detail: blocked.to_string(), code: None };
        ownership_cache.progress.now(state, changes.blocked_by.as_ref().map(cause));
    }

    fn ask(&self, after: FeedCursor, run: Option<String>) -> ChangesQuery {
        ChangesQuery {
            after,
            passed: Some(self.cursor.clone()),
            run,
            limit: Some(self.replicator.ownership_cache.progress.page_rows(PAGE_ENTRIES)),
            wait: WAIT_MS,
            follower: Some(self.own.clone()),
        }
    }
}

/// What a page says of the time at its source.
fn seen<M>(changes: &Changes<M>) -> Seen {
    let heartbeat = changes.entries.iter().rev().find_map(|entry| match entry {
        Entry::Heartbeat { at_ms } => Some(*at_ms),
        Entry::Row(_) | Entry::Handover(_) => None,
    });
    Seen {
        now_ms: changes.now_ms,
        heartbeat_ms: heartbeat,
        changes: changes.latest.saturating_sub(changes.cursor.position),
    }
}
