//! Moves by the real control plane, between programs that only keep the rules of ownership.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;
mod stand;

mod crashes;
mod diff;
mod forced;
mod refusals;
mod switch;
