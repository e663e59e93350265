//! The document of ownership, as it goes over the wire.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use store::{BlockingTransaction, FollowerSeen, Ownership, Record, StoreError};

use super::super::PROTOCOL;
use super::super::progress::Following;
use super::query::{self, OwnershipQuery};
use super::waiter::Waiter;
use crate::collection::Collection;
use crate::problem::Problem;

/// What the store says, and what the program knows besides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    protocol: u32,
    #[serde(flatten)]
    ownership: Ownership,
    following: Option<Following>,
    followers: Vec<FollowerSeen>,
    blocked_by: Option<BlockingTransaction>,
}

/// `GET -/ownership`: what the store is now. With `covers` it waits until the store is as far as that, or has waited for
/// so long.
pub(super) async fn show<R: Record>(
    request: HttpRequest,
    collection: Data<Collection<R>>,
) -> Result<HttpResponse, Problem> {
    let query: OwnershipQuery = query::read(&request)?;
    // Somebody cares who owns it: a store that is not asked for anything else looks too.
    collection.ownership_cache.used();
    let Some(wanted) = query.covers else { return answer(&collection).await };
    let covers = || collection.store.position::<R>() >= wanted;
    let mut waiter = Waiter::new(collection.store.changed::<R>(), &collection.moving, query.wait());
    loop {
        waiter.looks();
        if !covers() {
            // Another program on the same database may have brought it there.
            let asked = collection.ownership_cache.ask::<R>(&collection.store).await;
            asked.map_err(Collection::<R>::problem(None))?;
        }
        if covers() || !waiter.news(true).await {
            return answer(&collection).await;
        }
    }
}

async fn answer<R: Record>(collection: &Collection<R>) -> Result<HttpResponse, Problem> {
    let document = read(collection).await.map_err(Collection::<R>::problem(None))?;
    Ok(HttpResponse::Ok().json(document))
}

/// The document as it is now.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn read<R: Record>(collection: &Collection<R>) -> Result<Document, StoreError> {
    let store = &collection.store;
    let read = tokio::try_join!(
        collection.ownership_cache.ask::<R>(store),
        store.followers::<R>(),
        store.blocked_by(),
    );
    let (ownership, followers, blocked_by) = read?;
    let following = collection.ownership_cache.progress.following();
    Ok(Document { protocol: PROTOCOL, ownership, following, followers, blocked_by })
}
