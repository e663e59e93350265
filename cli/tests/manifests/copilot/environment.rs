//! The manifest of an environment: `copilot/environments/<name>/manifest.yml`.

use serde::Deserialize;

use super::{Manifest, ManifestError, read};

/// Where one service runs. Its network is Copilot's own: `network.vpc.cidr` without subnets would make a network without any.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The name of its folder.
    pub name: String,
    #[serde(rename = "type")]
    kind: Kind,
    /// What is watched.
    pub observability: Observability,
}

#[derive(Debug, Deserialize)]
enum Kind {
    Environment,
}

/// What is watched of an environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observability {
    /// Whether the cluster's metrics are collected, which is paid for.
    pub container_insights: bool,
}

impl Environment {
    /// Reads the manifest of an environment.
    ///
    /// # Errors
    /// Names the file, the place and what is wrong there.
    pub fn read(file: &str, text: &str) -> Result<Self, ManifestError> {
        read(file, text)
    }
}

impl Manifest for Environment {
    fn check(&self) -> Result<(), String> {
        let Kind::Environment = self.kind;
        Ok(())
    }
}
