//! Moves by the real control plane, between programs that only keep the rules of ownership.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../browser/mod.rs"]
mod browser;
#[expect(dead_code, reason = "of the client here only forms are sent")]
#[path = "../control/client.rs"]
mod client;
mod fake;
mod fixture;

mod console;
mod crashes;
mod diff;
mod forced;
mod keep;
mod metrics;
mod processes;
mod refusals;
mod switch;
mod version_1;
