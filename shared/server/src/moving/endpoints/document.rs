//! The document of ownership, as it goes over the wire.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use store::{FollowerSeen, HeldBack, Ownership, Record};

use super::super::PROTOCOL;
use super::super::progress::Following;
use crate::collection::Collection;
use crate::problem::Problem;

/// What the store says, and what the program knows besides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    protocol: u32,
    #[serde(flatten)]
    ownership: Ownership,
    following: Option<Following>,
    followers: Vec<FollowerSeen>,
    held_back: Option<HeldBack>,
}

/// `GET -/ownership`.
pub(super) async fn show<R: Record>(
    collection: Data<Collection<R>>,
) -> Result<HttpResponse, Problem> {
    answer(&collection).await
}

/// The document as it is now.
pub(super) async fn answer<R: Record>(collection: &Collection<R>) -> Result<HttpResponse, Problem> {
    let problem = || Collection::<R>::problem(None);
    let store = &collection.store;
    let ownership = collection.custody.ask::<R>(store).await.map_err(problem())?;
    Ok(HttpResponse::Ok().json(Document {
        protocol: PROTOCOL,
        ownership,
        following: collection.custody.progress.following(),
        followers: store.followers::<R>().await.map_err(problem())?,
        held_back: store.held_back().await.map_err(problem())?,
    }))
}
