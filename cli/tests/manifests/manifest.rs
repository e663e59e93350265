//! The manifests of this workspace.

use std::fs;
use std::path::PathBuf;

use crate::copilot::{Environment, Service};

/// A file of this workspace.
pub(crate) fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub(crate) fn service(name: &str) -> Service {
    let file = format!("copilot/{name}/manifest.yml");
    Service::read(&file, &text(&file)).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn environment(name: &str) -> Environment {
    let file = format!("copilot/environments/{name}/manifest.yml");
    Environment::read(&file, &text(&file)).unwrap_or_else(|error| panic!("{error}"))
}
