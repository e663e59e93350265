//! Several processes on one control database.

mod canary;
mod console;
mod first_stack;
mod fixture;
mod fleet;
mod leaders;
mod refusals;
mod routes;
mod upstream;
