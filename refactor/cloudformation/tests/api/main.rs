//! The API as a whole, against refactor spaces in memory that can be told to fail or to stop dead at any call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cli;
mod crashes;
mod deletion;
mod deployments;
mod direct;
mod drift;
mod early;
mod failures;
mod fake;
mod fixture;
mod imports;
mod language;
mod members;
mod policies;
mod requests;
