//! The API as a whole, against refactor spaces in memory that can be told to fail or to stop dead at any call.

mod cli;
mod crashes;
mod deployments;
mod failures;
mod fake;
mod language;
mod requests;
mod stand;
