//! `banyan` as its user sees it: what it says, its exit codes, and the programs that it runs.
//!
//! These tests look into `/proc` for what really runs, and leave nothing running.
#![cfg(target_os = "linux")]

mod banyan;
mod board;
mod folder;

mod starts;
mod stops;

mod crashes;
mod env;
mod load;
mod refusals;
mod stages;
mod status;
