//! The board before it was broken up: users, threads and posts in one program with one database.
//!
//! ```
//! let collections = monolith::collections();
//! assert!(collections.iter().any(|collection| collection.name == "users"));
//! ```

use models::Collection;
use server::Program;

/// Every collection of the board. `banyan up` runs a program for each, in this order.
pub fn collections() -> Vec<Collection> {
    vec![users::users(), threads::threads(), posts::posts()]
}

/// The program that serves all of them.
pub fn program() -> Program {
    collections().into_iter().fold(Program::new("monolith"), Program::serves)
}
