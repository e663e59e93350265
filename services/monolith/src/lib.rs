//! The board before it was broken up: users, threads and posts in one program with one database.

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
