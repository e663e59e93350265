//! Fingerprints of rows, to compare two copies by.

use super::in_background::in_background;
use super::{Answering, CallRefusal, ServedStore, query};
use crate::steps::NamedRows;
use crate::{Digest, DigestQuery, Hashes, HashesQuery, Key, MoveError};

/// The rows of a chunk if the query does not say how many.
const CHUNK_ROWS: usize = 10_000;

/// The rows to make a fingerprint each of.
enum Rows {
    Range { after: Option<Key>, to: Key },
    Recent(usize),
    Named(Vec<Key>),
}

/// `GET -/digest`: the fingerprint of a range of rows; without its end, of the next `limit` rows.
pub(super) async fn digest<S: ServedStore>(
    served: &Answering<S>,
    DigestQuery { after, to, limit }: DigestQuery,
) -> Result<Digest, CallRefusal> {
    let limit = limit.unwrap_or(if to.is_some() { usize::MAX } else { CHUNK_ROWS }).max(1);
    let store = served.store.clone();
    let digest = in_background(&served.moving.comparisons, move || async move {
        store.digest(after.as_ref(), to.as_ref(), limit).await
    });
    digest.await?.map_err(served.refused())
}

/// `GET -/hashes`: a fingerprint for each row of a range, or of those that changed last.
pub(super) async fn hashes<S: ServedStore>(
    served: &Answering<S>,
    query: HashesQuery,
) -> Result<Hashes, CallRefusal> {
    let rows = match query {
        HashesQuery { after, to: Some(to), recent: None } => Rows::Range { after, to },
        HashesQuery { after: None, to: None, recent: Some(count) } => {
            Rows::Recent(count.min(query::NAMED_ROWS))
        }
        _ => return Err(query::wrong("takes after and to, or recent")),
    };
    read(served, rows).await
}

/// `POST -/hashes`: a fingerprint for each of these rows.
pub(super) async fn named<S: ServedStore>(
    served: &Answering<S>,
    NamedRows { keys }: NamedRows,
) -> Result<Hashes, CallRefusal> {
    if keys.len() > query::NAMED_ROWS {
        return Err(query::wrong(format_args!("takes at most {} keys", query::NAMED_ROWS)));
    }
    read(served, Rows::Named(keys)).await
}

async fn read<S: ServedStore>(served: &Answering<S>, rows: Rows) -> Result<Hashes, CallRefusal> {
    let store = served.store.clone();
    let hashes = in_background(&served.moving.comparisons, move || async move {
        match rows {
            Rows::Range { after, to } => store.hashes(after.as_ref(), &to).await,
            Rows::Recent(count) => store.recent(count).await.map_err(MoveError::Store),
            Rows::Named(keys) => store.named(&keys).await,
        }
    });
    hashes.await?.map_err(served.refused())
}
