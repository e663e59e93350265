//! The API as a whole, against refactor spaces in memory that can be told to fail or to stop dead at any call.

mod cli;
mod crashes;
mod deletion;
mod deployments;
mod direct;
mod drift;
mod early;
mod failures;
mod fake;
mod first_stack;
mod imports;
mod language;
mod members;
mod policies;
mod requests;
mod stand;
