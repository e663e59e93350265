//! Users: the rows behind `/api/users`, and the program that serves them.
//!
//! The `users` binary serves this collection alone; `monolith` serves it beside the others. Routes and
//! handlers come from `server`, which makes them for any record.

mod record;

use server::Program;

pub use record::Users;

/// The demo data that `SEED=demo` stores.
pub const DEMO: &str = include_str!("demo.json");

/// The program that serves users alone.
pub fn program() -> Program {
    Program::new("users").serves::<Users>(DEMO)
}
