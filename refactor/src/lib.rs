//! The refactor proxy: moves the traffic of an HTTP service, route by route.
//!
//! `proxy` carries the traffic, `spaces` knows where it is to go, `control` is how clients say so, and
//! `cloudformation` how templates do.

mod cloudformation;
mod config;
mod control;
pub mod proxy;
mod run;
mod spaces;

pub use run::{main, run};
