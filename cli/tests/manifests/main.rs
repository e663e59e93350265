//! The Copilot manifests: read strictly, and held against the running programs and the files that they name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod copilot;
mod files;
mod manifest;
#[path = "../common/names.rs"]
mod names;
mod programs;
mod strict;
