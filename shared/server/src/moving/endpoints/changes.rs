//! The change feed over HTTP.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use store::{Changes, MoveError, Record, StoreError};
use tokio::time::{Instant, sleep, timeout_at};

use super::super::PROTOCOL;
use super::query::{self, ChangesQuery};
use super::refusal;
use crate::collection::Collection;
use crate::moving::aside::aside;
use crate::problem::Problem;

/// How often a reader that waits looks for what other programs committed to the same database.
const LOOK: Duration = Duration::from_millis(20);

/// A page of the feed, and what the program says besides.
#[derive(Serialize)]
struct Page<'a, M> {
    protocol: u32,
    /// Whether the clients of this program wait longer than usual.
    busy: bool,
    #[serde(flatten)]
    changes: &'a Changes<M>,
}

/// A page, already written where it has something to say.
enum Read {
    Empty(Vec<u8>),
    Full(Vec<u8>),
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
    let end = Instant::now() + query.wait();
    // From before the first look on, so that nothing is missed in between.
    let mut changed = collection.store.changed::<R>();
    loop {
        changed.mark_unchanged();
        let body = match read_page(&collection, &query).await? {
            Read::Full(body) => body,
            Read::Empty(body) if Instant::now() >= end => body,
            Read::Empty(body) => {
                let waited = async {
                    tokio::select! {
                        _ = changed.changed() => true,
                        () = sleep(LOOK), if collection.moving.shares_database => true,
                        () = collection.moving.stopped() => false,
                    }
                };
                match timeout_at(end, waited).await {
                    Ok(true) => continue,
                    Ok(false) | Err(_) => body,
                }
            }
        };
        return Ok(HttpResponse::Ok().content_type("application/json").body(body));
    }
}

/// Notes how far a follower is, unless it is none any more.
async fn note<R: Record>(
    collection: &Collection<R>,
    follower: &str,
    position: u64,
) -> Result<(), StoreError> {
    let Collection { custody, store, .. } = collection;
    if custody.has_left(follower) {
        return Ok(());
    }
    custody.followed();
    store.passed::<R>(follower, position).await?;
    // It may have said so while this was written.
    if custody.has_left(follower) { store.forget::<R>(follower).await } else { Ok(()) }
}

/// Reads a page, and writes it as JSON beside the clients' requests too.
async fn read_page<R: Record>(
    collection: &Collection<R>,
    query: &ChangesQuery,
) -> Result<Read, Problem> {
    let (store, busy) = (collection.store.clone(), collection.moving.pulse.busy());
    let (after, run, limit) = (query.after(), query.run.clone(), query.limit());
    let read = aside(&collection.moving.feed_reads, move || async move {
        let changes = store.changes::<R>(after, run.as_deref(), limit).await?;
        let page = Page { protocol: PROTOCOL, busy, changes: &changes };
        let body =
            serde_json::to_vec(&page).map_err(|error| StoreError::Failed(Arc::new(error)))?;
        let nothing = changes.entries.is_empty();
        Ok::<_, MoveError>(if nothing { Read::Empty(body) } else { Read::Full(body) })
    });
    read.await?.map_err(refusal::of_move::<R>)
}
