//! The change feed over HTTP.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use store::{Changes, MoveError, Record, StoreError};

use super::super::PROTOCOL;
use super::query::{self, ChangesQuery};
use super::refusal;
use super::waiter::Waiter;
use crate::collection::Collection;
use crate::moving::spawn_blocking::spawn_blocking;
use crate::problem::Problem;

/// A page of the feed, and what the program says besides.
#[derive(Serialize)]
struct Page<'a, M> {
    protocol: u32,
    /// Whether the clients of this program wait longer than usual.
    busy: bool,
    #[serde(flatten)]
    changes: &'a Changes<M>,
}

/// A page, already written.
struct Read {
    body: Vec<u8>,
    /// Whether it says nothing.
    empty: bool,
    /// Whether something is committed that has no turn yet: it has one as soon as older transactions have ended.
    behind: bool,
}

/// `GET -/changes`: what changed after a cursor; waits for a change where there is none.
pub(super) async fn changes<R: Record>(
    request: HttpRequest,
    collection: Data<Collection<R>>,
) -> Result<HttpResponse, Problem> {
    let query: ChangesQuery = query::read(&request)?;
    if let Some((follower, position)) = query.follower()? {
        let noted = note(&collection, follower, position).await;
        noted.map_err(Collection::<R>::problem(None))?;
    }
    let mut waiter = Waiter::new(collection.store.changed::<R>(), &collection.moving, query.wait());
    loop {
        waiter.looks();
        let read = read_page(&collection, &query).await?;
        if !read.empty || !waiter.news(read.behind).await {
            return Ok(HttpResponse::Ok().content_type("application/json").body(read.body));
        }
    }
}

/// Notes how far a follower is, unless it is none any more.
async fn note<R: Record>(
    collection: &Collection<R>,
    follower: &str,
    position: u64,
) -> Result<(), StoreError> {
    let Collection { ownership_cache, store, .. } = collection;
    if ownership_cache.has_left(follower) {
        return Ok(());
    }
    ownership_cache.followed();
    store.passed::<R>(follower, position).await?;
    // It may have said so while this was written.
    if ownership_cache.has_left(follower) { store.forget::<R>(follower).await } else { Ok(()) }
}

/// Reads a page, and writes it as JSON beside the clients' requests too.
async fn read_page<R: Record>(
    collection: &Collection<R>,
    query: &ChangesQuery,
) -> Result<Read, Problem> {
    let (store, busy) = (collection.store.clone(), collection.moving.latency_monitor.busy());
    let (after, run, limit) = (query.after(), query.run.clone(), query.limit());
    let read = spawn_blocking(&collection.moving.feed_reads, move || async move {
        let changes = store.changes::<R>(after, run.as_deref(), limit).await?;
        let page = Page { protocol: PROTOCOL, busy, changes: &changes };
        let body =
            serde_json::to_vec(&page).map_err(|error| StoreError::Failed(Arc::new(error)))?;
        let behind = changes.latest > changes.covered;
        Ok::<_, MoveError>(Read { body, empty: changes.entries.is_empty(), behind })
    });
    read.await?.map_err(refusal::of_move::<R>)
}
