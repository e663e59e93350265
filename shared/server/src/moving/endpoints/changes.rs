//! The change feed over HTTP.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use replication::{AnswerHead, ChangesQuery, FeedPage, PROTOCOL};
use store::{MoveError, StoreError};

use super::query;
use super::refusal::{self, StepAnswer};
use super::waiter::Waiter;
use crate::moving::spawn_blocking::spawn_blocking;
use crate::problem::Problem;
use crate::served::Served;

/// A page, already written.
struct Read {
    body: Vec<u8>,
    /// Whether it says nothing.
    empty: bool,
    /// Whether something is committed that has no turn yet: it has one as soon as older transactions have ended.
    behind: bool,
}

/// `GET -/changes`: what changed after a cursor. Waits for a change if there is none.
pub(super) async fn changes(request: HttpRequest, served: Data<Served>) -> StepAnswer {
    let query: ChangesQuery = query::read(&request)?;
    if let Some((follower, position)) = query::follower(&query)? {
        let noted = note(&served, follower, position).await;
        noted.map_err(served.problem(None))?;
    }
    let heard = served.store.changed(&served.collection);
    let mut waiter = Waiter::new(heard, &served.moving, query::wait(query.wait));
    loop {
        waiter.looks();
        let read = read_page(&served, &query).await?;
        if !read.empty || !waiter.news(read.behind).await {
            return Ok(HttpResponse::Ok().content_type("application/json").body(read.body));
        }
    }
}

/// Notes how far a follower is, unless it is none any more.
async fn note(served: &Served, follower: &str, position: u64) -> Result<(), StoreError> {
    let Served { collection, ownership_cache, store, .. } = served;
    if ownership_cache.has_left(follower) {
        return Ok(());
    }
    ownership_cache.followed();
    store.passed(collection, follower, position).await?;
    // It may have said so while this was written.
    if ownership_cache.has_left(follower) {
        store.forget(collection, follower).await
    } else {
        Ok(())
    }
}

/// Reads a page, and writes it as JSON beside the clients' requests too.
async fn read_page(served: &Served, query: &ChangesQuery) -> Result<Read, Problem> {
    let (collection, store) = (served.collection.clone(), served.store.clone());
    let busy = served.moving.latency_monitor.busy();
    let (after, run) = (query.after.clone(), query.run.clone());
    let limit = query::page_entries(query);
    let read = spawn_blocking(&served.moving.feed_reads, move || async move {
        let changes = store.changes(&collection, &after, run.as_deref(), limit).await?;
        let page = FeedPage { head: AnswerHead { protocol: PROTOCOL, busy }, changes: &changes };
        let body =
            serde_json::to_vec(&page).map_err(|error| StoreError::Failed(Arc::new(error)))?;
        let behind = changes.latest > changes.covered;
        Ok::<_, MoveError>(Read { body, empty: changes.entries.is_empty(), behind })
    });
    read.await?.map_err(refusal::of_move(&served.collection))
}
