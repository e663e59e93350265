//! A connection while it is used.

use deadpool_postgres::{Object, Pool};

use super::error::pool_error;
use crate::StoreError;

/// A connection out of the pool, which goes back only when its work has come to an end.
///
/// Work that is given up half-way (its request took too long) may have met a server that will never
/// answer again; the next one to get that connection would wait for the same answer.
struct Lease(Option<Object>);

/// Runs the work with a connection of the pool.
pub(super) async fn lease<T>(
    pool: &Pool,
    work: impl AsyncFnOnce(&mut Object) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut lease = Lease(Some(pool.get().await.map_err(pool_error)?));
    let result = match &mut lease.0 {
        Some(object) => work(object).await,
        None => Err(StoreError::closed()),
    };
    if !matches!(result, Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))) {
        // It is sound: back into the pool with it.
        drop(lease.0.take());
    }
    result
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            // Out of the pool and closed.
            drop(Object::take(object));
        }
    }
}
