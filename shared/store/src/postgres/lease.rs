//! A connection while it is used.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Pool, PoolError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::error::SqlState;

use super::connect::POOL_WAIT;
use super::error::pool_error;
use super::link::Link;
use super::session::Sharing;
use crate::StoreError;

/// For how long a connection that the server has no room for is not tried again.
const NO_ROOM: Duration = Duration::from_secs(1);

/// The connections of a store: as many as it may have, or as the server has room for.
#[derive(Debug)]
pub(super) struct Connections {
    pool: Pool,
    places: Arc<Semaphore>,
    sharing: Sharing,
}

/// A connection out of the pool, which goes back only when its work has come to an end.
///
/// Work that is given up half-way (its request took too long) may have met a server that will never
/// answer again; the next one to get that connection would wait for the same answer.
struct Lease {
    link: Option<Link>,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    pub(super) fn new(pool: Pool, connections: usize, sharing: Sharing) -> Self {
        Self { pool, places: Arc::new(Semaphore::new(connections)), sharing }
    }

    pub(super) fn close(&self) {
        self.pool.close();
        self.places.close();
    }

    /// A connection, once there is one. If the server has room for fewer than there may be, the caller waits for
    /// one of those that there are: the place of the missing one stays empty for a while.
    async fn get(&self) -> Result<Lease, StoreError> {
        let end = Instant::now() + POOL_WAIT;
        loop {
            let place = timeout_at(end, Arc::clone(&self.places).acquire_owned()).await;
            let place = place.map_err(|_elapsed| StoreError::Busy)?;
            let place = place.map_err(|_closed| StoreError::closed())?;
            // To make a connection may take longer than to wait for a place: the pool bounds it.
            match self.pool.get().await {
                Ok(object) => {
                    let link = Some(Link::new(object, self.sharing.clone()));
                    return Ok(Lease { link, _place: place });
                }
                Err(PoolError::Backend(error))
                    if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) =>
                {
                    log::warn!("PostgreSQL has no room for another connection: {error}");
                    tokio::spawn(async move {
                        sleep(NO_ROOM).await;
                        drop(place);
                    });
                }
                Err(error) => return Err(pool_error(error)),
            }
        }
    }
}

/// Runs the work with a connection of the pool.
pub(super) async fn lease<T>(
    connections: &Connections,
    work: impl AsyncFnOnce(&Link) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut lease = connections.get().await?;
    let result = match &lease.link {
        Some(link) => work(link).await,
        None => Err(StoreError::closed()),
    };
    if !matches!(result, Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))) {
        // It is sound: back into the pool with it.
        drop(lease.link.take());
    }
    result
}

/// The same for work whose statements need not stand together.
pub(super) async fn lease_alone<T>(
    connections: &Connections,
    work: impl AsyncFnOnce(&Link) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    lease(connections, async |link| link.alone(work).await).await
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            link.close();
        }
    }
}
