//! The sessions of a store: each serves one piece of work at a time.

use std::sync::{Mutex, PoisonError};

use postgres::PostgresUrl;
use tokio::sync::Semaphore;

use crate::session::{Error, Session};
use crate::store_error::StoreError;

/// At most so many sessions with one database.
#[derive(Debug)]
pub(super) struct Sessions {
    url: PostgresUrl,
    places: Semaphore,
    idle: Mutex<Vec<Session>>,
}

impl Sessions {
    pub(super) fn new(url: &PostgresUrl, most: usize) -> Self {
        let places = Semaphore::new(most.max(1));
        Self { url: url.clone(), places, idle: Mutex::default() }
    }

    /// Does work in a session that does nothing else. If the work is given up half-way, its session ends, and a
    /// transaction that was open in it with it.
    pub(super) async fn with<T, E: From<Error> + From<StoreError>>(
        &self,
        work: impl AsyncFnOnce(&Session) -> Result<T, E>,
    ) -> Result<T, E> {
        let _place = self.places.acquire().await.map_err(StoreError::failed)?;
        let idle = self.idle().pop();
        let session = match idle.filter(Session::lives) {
            Some(session) => session,
            None => Session::open(&self.url).await?,
        };
        let done = work(&session).await;
        if session.lives() {
            self.idle().push(session);
        }
        done
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
