//! The board before it was broken up: users, threads and posts in one program with one database.
//!
//! ```
//! let collections = monolith::collections();
//! let names: Vec<_> = collections.iter().map(|collection| collection.name.as_ref()).collect();
//! assert_eq!(names, ["users", "threads", "posts"]);
//! ```

use models::Collection;
use server::Program;

/// Every collection of the board.
pub fn collections() -> [Collection; 3] {
    [users::users(), threads::threads(), posts::posts()]
}

/// The program that serves all of them.
pub fn program() -> Program {
    collections().into_iter().fold(Program::new("monolith"), Program::serves)
}
