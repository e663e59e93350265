//! The manifest of an environment: `copilot/environments/<name>/manifest.yml`.

use serde::Deserialize;

use super::{Manifest, ManifestError, read};

/// The environment of a service. Its network is Copilot's own: `network.vpc.cidr` without subnets would make a network without any.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    /// The name of its folder.
    pub(crate) name: String,
    #[serde(rename = "type")]
    kind: Kind,
    #[expect(dead_code, reason = "read for its form alone")]
    observability: Observability,
}

#[derive(Debug, Deserialize)]
enum Kind {
    Environment,
}

/// What is watched of an environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Observability {
    /// Whether the cluster's metrics are collected, which is paid for.
    #[expect(dead_code, reason = "read for its form alone")]
    container_insights: bool,
}

impl Environment {
    /// Reads the manifest of an environment.
    ///
    /// # Errors
    /// Names the file, the place and what is wrong there.
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, ManifestError> {
        read(file, text)
    }
}

impl Manifest for Environment {
    fn check(&self) -> Result<(), String> {
        let Kind::Environment = self.kind;
        Ok(())
    }
}
