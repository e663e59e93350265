//! The data of collections moved between the real programs, each of which can be killed at any place.
#![cfg(target_os = "linux")]

mod board;
mod relay;

mod crashes;
mod traffic;
mod waiting;
mod way;

mod watch;

mod matrix;

mod routes;

mod canary;
mod full;
mod hurry;
mod residue;
mod root;
mod stalls;
mod twice;
mod whole;
