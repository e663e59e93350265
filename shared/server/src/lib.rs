//! A collection over HTTP: its handlers, errors, pages, conditional requests, checks of references and moves,
//! once for every collection.
//!
//! A service says which collections it serves and runs:
//! `runtime::main(Program::new("users").serves(users()))`.

mod config;
mod listen;
mod program;
mod run;

mod collection;
mod neighbour;
mod openapi;
mod served;

mod moving;

mod body;
mod conditional;
mod idempotency;
mod problem;
mod query;

mod health;
mod limits;
mod metrics;
mod observe;

pub use config::VARIABLES;
pub use program::Program;
