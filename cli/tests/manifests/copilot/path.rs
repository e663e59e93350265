//! The paths of a manifest: the rule of a load balancer, and the path of a health check.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// The path rule of a service at its load balancer.
///
/// `/` asks for everything; any other path for itself and for what is below it, whole segments only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RulePath(String);

impl RulePath {
    /// Whether the load balancer sends requests for this path here.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let below = path.strip_prefix(&self.0);
        self.is_root() || below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    }

    /// Whether every path comes here.
    pub(crate) fn is_root(&self) -> bool {
        self.0 == "/"
    }
}

impl<'de> Deserialize<'de> for RulePath {
    /// Copilot adds a leading slash, and keeps one at the end, with which the path itself would not be matched.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path = text.strip_prefix('/').unwrap_or(&text);
        let segments = path.is_empty() && !text.is_empty() || path.split('/').all(is_segment);
        if segments {
            return Ok(Self(format!("/{path}")));
        }
        Err(de::Error::custom(format!(
            "{text:?} is no path rule; write / or segments of a-z 0-9 - _ . without a slash at the end, such as api/users"
        )))
    }
}

/// The path of a health check, asked of a task itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpPath(String);

impl HttpPath {
    /// The path with its leading slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for HttpPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix('/') {
            Some(path) if path.split('/').all(is_segment) => Ok(Self(text)),
            _ => Err(de::Error::custom(format!("{text:?} is no path; write one such as /healthz"))),
        }
    }
}

impl fmt::Display for HttpPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_segment(segment: &str) -> bool {
    let known =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    !segment.is_empty() && segment.bytes().all(known)
}
