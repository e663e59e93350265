//! The refactor proxy: moves the traffic of an HTTP application, route by route, and its data.
//!
//! The program wires four crates. `proxy` carries the traffic. `spaces` keeps the routes, and `cloudformation` makes them
//! from templates. `moves` moves the data. `control` is the port at which clients reach them.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     runtime::main(refactor::Refactor)
//! }
//! ```

mod advice;
mod canaries;
mod client;
mod config;
mod control;
mod credentials;
mod first_stack;
mod gate;
mod keyring;
mod lead;
mod processes;
mod run;
mod serving;
mod start;
mod takeover;

pub use client::{Client, ClientError, ConsoleLink, Traffic, Unreached};
pub use config::VARIABLES;
pub use credentials::Keys;
pub use first_stack::REGION;
pub use moves::{
    CommandStep, Diff, DiffProgress, Last, Move, MoveRoute, Pending, Preflight, RowDifference, Side,
};
pub use proxy::{AnswerReport, DifferenceReport, ShadowReport};
pub use run::Refactor;
pub use spaces::CanaryView;
pub use takeover::why_not_taken_over;
