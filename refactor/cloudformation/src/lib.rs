//! CloudFormation: templates, change sets and stacks, as much of them as `aws cloudformation deploy` and the commands
//! around it need. The control port hands each request of the Query API to [`Api::handle`].
//!
//! In the order of a deployment: `query` reads the request and writes the answer; `template` reads the text,
//! `parameters` its values, `functions` works them out; `blueprint` is what comes of it, checked against the resource
//! types in `kinds` and put in `order`; `plan` compares it with what is there; `engine` carries it out through a
//! [`provider::Provider`]; `stacks` keeps all of it on disk.

mod blueprint;
mod caller;
mod due;
mod engine;
mod functions;
mod id;
mod kinds;
mod order;
mod parameters;
mod plan;
pub mod provider;
mod query;
mod stacks;
mod template;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub use caller::Caller;
pub use due::Due;
pub use functions::{KNOWN_AFTER_APPLY, is_unknown};
pub use query::{Api, HELD_ANSWERS};
pub use stacks::StoreError;

/// The one account there is.
const ACCOUNT: &str = "000000000000";

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
    let store = stacks::Store::new(connection);
    let engine = engine::Engine::start(store.clone(), provider)?;
    Ok(Api::new(store, engine))
}
