//! Several processes on one control database.

mod canary;
mod first_stack;
mod fixture;
mod fleet;
mod leaders;
mod refusals;
mod routes;
mod upstream;
