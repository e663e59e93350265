//! Copilot's manifests, read as strictly as Copilot reads them leniently.
//!
//! Copilot (mainline of 2024-03-25, the parser of v1.34) ignores a key that it does not know and, in fields that take
//! a scalar or a map, turns a value of the wrong type into zero. Here both are errors that name file and key. What these
//! types hold is what this project's manifests may say, in the one form that Copilot cannot misread; its manual has more.

mod duration;
mod environment;
mod path;
mod service;

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Options, options};

pub(crate) use environment::Environment;
pub(crate) use path::{HttpPath, RulePath};
pub(crate) use service::Service;

/// What is wrong with a manifest, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ManifestError {
    /// The file, from the root of the workspace.
    pub(crate) file: String,
    /// The key, or line and column, and what is wrong there.
    pub(crate) fault: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, fault } = self;
        write!(f, "{file}: {fault}")
    }
}

impl std::error::Error for ManifestError {}

/// A manifest that this module reads.
trait Manifest: DeserializeOwned {
    /// What no single field can know: how its fields go together.
    fn check(&self) -> Result<(), String>;
}

fn read<M: Manifest>(file: &str, text: &str) -> Result<M, ManifestError> {
    let failed = |fault: String| ManifestError { file: file.to_owned(), fault };
    // Through a tree of values, in which a quoted number is a text: read at once it would be taken for a number.
    let values: Value = serde_saphyr::from_str_with_options(text, plain())
        .map_err(|error| failed(error.to_string()))?;
    no_interpolation(&values, "").map_err(failed)?;
    let manifest: M = serde_path_to_error::deserialize(values)
        .map_err(|error| failed(format!("{}: {}", error.path(), error.inner())))?;
    manifest.check().map_err(failed)?;
    Ok(manifest)
}

/// Copilot replaces `${NAME}` with the variable of that name in the environment of the command.
fn no_interpolation(value: &Value, place: &str) -> Result<(), String> {
    match value {
        Value::String(text) if text.contains("${") => Err(format!(
            "{place}: {text:?}: Copilot would replace ${{...}} from the deployer's environment"
        )),
        Value::Object(members) => members.iter().try_for_each(|(key, value)| {
            let dot = if place.is_empty() { "" } else { "." };
            no_interpolation(value, &format!("{place}{dot}{key}"))
        }),
        Value::Array(items) => items.iter().try_for_each(|item| no_interpolation(item, place)),
        _ => Ok(()),
    }
}

/// Only `true` and `false` are truth values.
fn plain() -> Options {
    options! {
        strict_booleans: true,
        with_snippet: false,
    }
}
