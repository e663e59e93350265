//! The control port of the real program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod asked;
mod authorities;
#[path = "../browser/mod.rs"]
mod browser;
mod canary;
mod client;
mod console;
mod crash;
mod floods;
mod foreign;
mod health_checks;
mod hosts;
mod live;
mod members;
mod operations;
mod processes;
mod refusals;
mod repeats;
mod restart;
mod root;
mod shadow;
mod signatures;
mod start;
mod tags;
mod takeover;
mod templates;
mod upgrade;
mod users;
