//! The refactor proxy: moves the traffic of an HTTP service, route by route.
//!
//! `proxy` carries the traffic, `spaces` knows where it is to go, `control` is how clients say so, and
//! `cloudformation` how templates do. `moves` takes the data along.

mod client;
mod config;
mod control;
mod first_stack;
mod run;

pub use client::{Client, Traffic};
pub use config::VARIABLES;
pub use control::credentials::Keys;
pub use first_stack::REGION;
pub use moves::{
    CommandStep, Diff, Difference, Following, Last, Move, MoveRoute, Pending, Preflight, Progress,
    Side, SideStatus, Successor,
};
pub use run::Refactor;
