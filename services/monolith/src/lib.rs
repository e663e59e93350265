//! The board before it was broken up: users, threads and posts in one program with one database.

use posts::Posts;
use server::Program;
use threads::Threads;
use users::Users;

/// The program that serves all three collections.
pub fn program() -> Program {
    Program::new("monolith")
        .serves::<Users>(users::DEMO)
        .serves::<Threads>(threads::DEMO)
        .serves::<Posts>(posts::DEMO)
}
