//! Fingerprints of rows, for whoever compares two copies.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::query::{self, DigestQuery, HashesQuery, Rows};
use crate::collection::Served;
use crate::moving::spawn_blocking::spawn_blocking;
use crate::problem::Problem;

/// The rows of a chunk where nobody says how many.
const CHUNK_ROWS: usize = 10_000;

/// `GET -/digest`: the fingerprint of a range of rows; without its end, of the next `limit` rows.
pub(super) async fn digest(
    request: HttpRequest,
    served: Data<Served>,
) -> Result<HttpResponse, Problem> {
    let DigestQuery { after, to, limit } = query::read(&request)?;
    let limit = limit.unwrap_or(if to.is_some() { usize::MAX } else { CHUNK_ROWS }).max(1);
    let (collection, store) = (served.collection.clone(), served.store.clone());
    let digest = spawn_blocking(&served.moving.comparisons, move || async move {
        store.digest(&collection, after, to, limit).await
    });
    let digest = digest.await?.map_err(served.problem(None))?;
    Ok(HttpResponse::Ok().json(digest))
}

/// `GET -/hashes`: a fingerprint for each row of a range, of those that changed last, or of these.
pub(super) async fn hashes(
    request: HttpRequest,
    served: Data<Served>,
) -> Result<HttpResponse, Problem> {
    let rows = query::read::<HashesQuery>(&request)?.rows()?;
    let (collection, store) = (served.collection.clone(), served.store.clone());
    let hashes = spawn_blocking(&served.moving.comparisons, move || async move {
        match rows {
            Rows::Range { after, to } => store.hashes(&collection, after, to).await,
            Rows::Recent(count) => store.recent(&collection, count).await,
            Rows::Ids(ids) => store.row_hash(&collection, &ids).await,
        }
    });
    let hashes = hashes.await?.map_err(served.problem(None))?;
    Ok(HttpResponse::Ok().json(hashes))
}
