//! What a route's requests and answers may take: numbers that hold for all routes, unless a tag says another one.

use std::collections::BTreeMap;

use crate::limits::HEADER_BYTES;
use crate::settings::Settings;

/// The limits of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteLimits {
    /// The most requests that may be under way at its upstream when one of this route begins.
    pub(crate) connections: usize,
    /// The largest body of a request, in bytes.
    pub(crate) upload_bytes: u64,
    /// The most bytes of fields that an answer may have.
    pub(crate) answer_header_bytes: usize,
}

impl RouteLimits {
    pub(crate) const TAKES_CONNECTIONS: &str = "a number from 1 to 100000";
    pub(crate) const TAKES_UPLOAD: &str = "a number of bytes, at least 1";
    pub(crate) const TAKES_HEADER: &str = "a number of bytes from 1024 to 1048576";

    /// Those of a route with these tags. Values that `tags.rs` refuses set nothing.
    pub(crate) fn tagged(settings: &Settings, tags: &BTreeMap<String, String>) -> Self {
        let tag = |key: &str| tags.get(key).map(String::as_str);
        let connections = tag("banyan:connections").and_then(Self::connections);
        let upload_bytes = tag("banyan:upload-bytes").and_then(Self::upload_bytes);
        let answer_header_bytes = tag("banyan:answer-header-bytes").and_then(Self::header_bytes);
        Self {
            connections: connections.unwrap_or(settings.upstream_connections),
            upload_bytes: upload_bytes.unwrap_or(settings.upload_limit_bytes),
            answer_header_bytes: answer_header_bytes.unwrap_or(settings.answer_header_bytes),
        }
    }

    pub(crate) fn connections(value: &str) -> Option<usize> {
        value.parse().ok().filter(|most| (1..=100_000).contains(most))
    }

    pub(crate) fn upload_bytes(value: &str) -> Option<u64> {
        value.parse().ok().filter(|most| *most > 0)
    }

    pub(crate) fn header_bytes(value: &str) -> Option<usize> {
        value.parse().ok().filter(|most| HEADER_BYTES.contains(most))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{RouteLimits, Settings};

    #[test]
    fn tags_change_the_limits_of_a_route() {
        let known = RouteLimits::tagged(&Settings::default(), &BTreeMap::new());
        assert_eq!((known.connections, known.upload_bytes), (1_024, u64::MAX));
        let tagged = |key: &str, value: &str| {
            let tags = BTreeMap::from([(key.to_owned(), value.to_owned())]);
            RouteLimits::tagged(&Settings::default(), &tags)
        };
        let changed = RouteLimits { upload_bytes: 7, ..known };
        assert_eq!(tagged("banyan:upload-bytes", "7"), changed);
        let changed = RouteLimits { answer_header_bytes: 1_048_576, ..known };
        assert_eq!(tagged("banyan:answer-header-bytes", "1048576"), changed);
        for value in ["1023", "1048577", "", "64k", "-1"] {
            assert_eq!(tagged("banyan:answer-header-bytes", value), known, "{value}");
        }
    }
}
