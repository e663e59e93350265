//! The half of the adapter that is in the database, on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod app;
mod pair;

mod actions;
mod bad_input;
mod constraints;
mod crashes;
mod fences;
mod following;
mod gaps;
mod histories;
mod keys;
mod locks;
mod rows;
mod sources;
mod speed;
mod writers;
mod writes;
