//! Opens the stacks of a state.

use std::io;
use std::sync::Arc;

use journal::Journal;

use super::{Api, engine, provider, stacks};

/// Makes the tables, starts the engine, and gives the API. What was left unfinished waits for [`Api::begin`].
///
/// # Errors
/// If the tables cannot be made or the engine cannot be started.
pub fn open(journal: Journal, provider: Arc<dyn provider::Provider>) -> io::Result<Api> {
    stacks::migrate(&journal).map_err(io::Error::other)?;
    let store = stacks::StackStore::new(journal);
    let engine = engine::StackEngine::start(store.clone(), provider)?;
    Ok(Api::new(store, engine))
}
