//! Opens the stacks of a state.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::{Api, engine, provider, stacks};

/// Makes the tables, starts the engine, which takes up what was left unfinished, and gives the API.
///
/// # Errors
/// If the tables cannot be made or the engine cannot be started.
pub fn open(
    connection: Arc<Mutex<Connection>>,
    provider: Arc<dyn provider::Provider>,
) -> io::Result<Api> {
    stacks::migrate(&connection.lock().unwrap_or_else(PoisonError::into_inner))
        .map_err(io::Error::other)?;
    let store = stacks::StackStore::new(connection);
    let engine = engine::StackEngine::start(store.clone(), provider)?;
    Ok(Api::new(store, engine))
}
