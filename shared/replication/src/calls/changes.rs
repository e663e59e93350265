//! The change feed over HTTP.

use super::answered_collection::json;
use super::in_background::in_background;
use super::waiter::Waiter;
use super::{Answering, CallRefusal, ServedStore, query};
use crate::{AnswerHead, ChangesQuery, FeedPage, PROTOCOL};

/// A page, already written.
struct Read {
    body: Vec<u8>,
    /// Whether it says nothing.
    empty: bool,
    /// Whether something is committed that has no turn yet: it has one as soon as older transactions have ended.
    behind: bool,
}

/// `GET -/changes`: what changed after a cursor. Waits for a change if there is none.
pub(super) async fn changes<S: ServedStore>(
    served: &Answering<S>,
    query: ChangesQuery,
) -> Result<Vec<u8>, CallRefusal> {
    if let Some((follower, position)) = query::follower(&query)? {
        note(served, follower, position).await.map_err(served.failed())?;
    }
    let heard = served.store.heard();
    let mut waiter = Waiter::new(heard, &served.moving, query::wait(query.wait));
    loop {
        waiter.looks();
        let read = read_page(served, &query).await?;
        if !read.empty || !waiter.news(read.behind).await {
            return Ok(read.body);
        }
    }
}

/// Notes how far a follower is, unless it is none any more.
async fn note<S: ServedStore>(
    served: &Answering<S>,
    follower: &str,
    position: u64,
) -> Result<(), S::Error> {
    let Answering { store, cache, .. } = served;
    if cache.has_left(follower) {
        return Ok(());
    }
    cache.followed();
    store.passed(follower, position).await?;
    // It may have said so while this was written.
    if cache.has_left(follower) { store.forget(follower).await } else { Ok(()) }
}

/// Reads a page, and writes it as JSON beside the clients' requests too.
async fn read_page<S: ServedStore>(
    served: &Answering<S>,
    query: &ChangesQuery,
) -> Result<Read, CallRefusal> {
    let reading = served.clone();
    let busy = served.moving.latency_monitor.busy();
    let (after, run) = (query.after.clone(), query.run.clone());
    let limit = query::page_entries(query);
    let read = in_background(&served.moving.feed_reads, move || async move {
        let changes = reading.store.changes(&after, run.as_deref(), limit).await;
        let changes = changes.map_err(reading.refused())?;
        let page = FeedPage { head: AnswerHead { protocol: PROTOCOL, busy }, changes: &changes };
        let behind = changes.latest > changes.covered;
        Ok(Read { body: json(&page)?, empty: changes.entries.is_empty(), behind })
    });
    read.await?
}
