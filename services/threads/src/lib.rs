//! Threads: the rows behind `/api/threads`, and the program that serves them.
//!
//! The `threads` binary serves this collection alone; `monolith` serves it beside the others. Routes and
//! handlers come from `server`, which makes them for any record.

mod record;

use server::Program;

pub use record::Threads;

/// The demo data that `SEED=demo` stores.
pub const DEMO: &str = include_str!("demo.json");

/// The program that serves threads alone.
pub fn program() -> Program {
    Program::new("threads").serves::<Threads>(DEMO)
}
