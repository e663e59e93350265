//! `banyan` as its user sees it: what it says, its exit codes, and the programs that it runs.
//!
//! These tests look into `/proc` for what really runs, and leave nothing running.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod auth;
mod banyan;
mod board;
mod folder;

mod starts;
mod stops;

mod control;
mod crashes;
mod env;
mod load;
#[path = "../common/names.rs"]
mod names;
mod private;
mod progress;
mod refusals;
mod shadow;
mod stages;
mod status;
mod terminal;
