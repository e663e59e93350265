//! Posts: the rows behind `/api/posts`, and the program that serves them.
//!
//! The `posts` binary serves this collection alone; `monolith` serves it beside the others. Routes and
//! handlers come from `server`, which makes them for any record.

mod record;

use server::Program;

pub use record::Posts;

/// The demo data that `SEED=demo` stores.
pub const DEMO: &str = include_str!("demo.json");

/// The program that serves posts alone.
pub fn program() -> Program {
    Program::new("posts").serves::<Posts>(DEMO)
}
