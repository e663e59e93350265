//! The Copilot manifests: read strictly, and held against the running programs and the files that they name.

mod files;
mod manifest;
mod programs;
mod strict;
