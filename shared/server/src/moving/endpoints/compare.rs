//! Fingerprints of rows, to compare two copies by.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use replication::steps::NamedRows;
use replication::{DigestQuery, Hashes, HashesQuery, Key};
use store::MoveError;

use super::refusal::StepAnswer;
use super::{query, refusal};
use crate::body;
use crate::moving::spawn_blocking::spawn_blocking;
use crate::problem::Problem;
use crate::served::Served;

/// The rows of a chunk if the query does not say how many.
const CHUNK_ROWS: usize = 10_000;

/// The rows to make a fingerprint each of.
enum Rows {
    Range { after: Option<Key>, to: Key },
    Recent(usize),
    Named(Vec<Key>),
}

/// `GET -/digest`: the fingerprint of a range of rows; without its end, of the next `limit` rows.
pub(super) async fn digest(request: HttpRequest, served: Data<Served>) -> StepAnswer {
    let DigestQuery { after, to, limit } = query::read(&request)?;
    let limit = limit.unwrap_or(if to.is_some() { usize::MAX } else { CHUNK_ROWS }).max(1);
    let (collection, store) = (served.collection.clone(), served.store.clone());
    let digest = spawn_blocking(&served.moving.comparisons, move || async move {
        store.digest(&collection, after.as_ref(), to.as_ref(), limit).await
    });
    let digest = digest.await?.map_err(refusal::of_move(&served.collection))?;
    Ok(HttpResponse::Ok().json(digest))
}

/// `GET -/hashes`: a fingerprint for each row of a range, or of those that changed last.
pub(super) async fn hashes(request: HttpRequest, served: Data<Served>) -> StepAnswer {
    let rows = match query::read(&request)? {
        HashesQuery { after, to: Some(to), recent: None } => Rows::Range { after, to },
        HashesQuery { after: None, to: None, recent: Some(count) } => {
            Rows::Recent(count.min(query::NAMED_ROWS))
        }
        _ => return Err(query::wrong("takes after and to, or recent").into()),
    };
    Ok(HttpResponse::Ok().json(read(&served, rows).await?))
}

/// `POST -/hashes`: a fingerprint for each of these rows.
pub(super) async fn named(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let NamedRows { keys } = body::read(&request, payload, &[body::JSON]).await?;
    if keys.len() > query::NAMED_ROWS {
        return Err(query::wrong(format_args!("takes at most {} keys", query::NAMED_ROWS)).into());
    }
    Ok(HttpResponse::Ok().json(read(&served, Rows::Named(keys)).await?))
}

async fn read(served: &Served, rows: Rows) -> Result<Hashes, Problem> {
    let (collection, store) = (served.collection.clone(), served.store.clone());
    let hashes = spawn_blocking(&served.moving.comparisons, move || async move {
        match rows {
            Rows::Range { after, to } => store.hashes(&collection, after.as_ref(), &to).await,
            Rows::Recent(count) => store.recent(&collection, count).await.map_err(MoveError::from),
            Rows::Named(keys) => store.row_hash(&collection, &keys).await,
        }
    });
    hashes.await?.map_err(refusal::of_move(&served.collection))
}
