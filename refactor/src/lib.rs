//! The refactor proxy: moves the traffic of an HTTP service, route by route.
//!
//! `proxy` carries the traffic, `spaces` knows where it is to go, `control` is how clients say so.

#[expect(dead_code, reason = "no stacks are kept yet")]
mod cloudformation;
mod config;
mod control;
mod proxy;
mod run;
mod spaces;

pub use run::{main, run};
