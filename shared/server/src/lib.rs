//! A collection over HTTP: its handlers, errors, pages, conditional requests, checks of references and moves,
//! once for every collection.
//!
//! A program says which collections it serves, and runs:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use models::{Alphabet, Collection, Field};
//! use server::Program;
//!
//! fn main() -> ExitCode {
//!     let title = Field::text("title", 1..=200, Alphabet::Line).about("What it is about.");
//!     let notes = Collection::new("notes", "note", [title]);
//!     runtime::main(Program::new("notes").serves(notes))
//! }
//! ```

mod config;
mod listen;
mod program;
mod run;

mod collection;
mod neighbour;
mod openapi;
mod served;

mod callers;

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
mod trace;

pub use config::VARIABLES;
pub use program::Program;
