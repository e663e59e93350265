//! Applying rows of another store to the tables of an application.

pub(crate) mod batch;
pub(crate) mod exchange;
pub(crate) mod order;
pub(crate) mod target;
pub(crate) mod user_triggers;
