//! Several processes on one control database.

mod fixture;
mod fleet;
mod leaders;
mod refusals;
mod routes;
mod upstream;
