//! The tags that mean something here: each begins with `banyan:`. All others are the user's own.
//!
//! A tag of a service holds for all its routes. If a route has the same tag, the route's own value counts.

use std::collections::BTreeMap;
use std::fmt;

use canary::{CanaryBy, CanaryPlan, Percent};
use shadow::Pointer;

use crate::limits::Patience;
use crate::private_authorities::PrivateAuthorities;
use crate::route_limits::RouteLimits;

/// What a tag stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagPlace {
    /// An environment.
    Environment,
    /// An application.
    Application,
    /// A service: the tag holds for all its routes.
    Service,
    /// A route with a path.
    Route,
    /// A DEFAULT route.
    DefaultRoute,
}

/// A service, and each route.
const ANY_ROUTE: &[TagPlace] = &[TagPlace::Service, TagPlace::Route, TagPlace::DefaultRoute];
/// A service, and each route with a path: a DEFAULT route has no other side.
const TWO_SIDES: &[TagPlace] = &[TagPlace::Service, TagPlace::Route];

/// A tag that is read here.
#[derive(Debug)]
pub struct TagRule {
    /// Its key, such as `banyan:canary`.
    pub key: &'static str,
    /// What may have it.
    pub places: &'static [TagPlace],
    /// The values that it takes, as a message says it after "must be".
    pub takes: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Whether it takes this value.
    reads: fn(&str) -> bool,
}

/// Every tag that is read here, by key.
pub const TAGS: &[TagRule] = &[
    TagRule {
        key: "banyan:answer-header-bytes",
        places: ANY_ROUTE,
        takes: RouteLimits::TAKES_HEADER,
        about: "the most bytes of header fields that an answer may have",
        reads: |value| RouteLimits::header_bytes(value).is_some(),
    },
    TagRule {
        key: PrivateAuthorities::TAG,
        places: &[TagPlace::Service],
        takes: PrivateAuthorities::TAKES,
        about: "the only authority for the certificate of the service",
        reads: PrivateAuthorities::is_name,
    },
    TagRule {
        key: "banyan:canary",
        places: TWO_SIDES,
        takes: Percent::TAKES,
        about: "the share of the reads that the route's own service answers",
        reads: |value| Percent::parse(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-by",
        places: TWO_SIDES,
        takes: CanaryBy::TAKES,
        about: "what chooses the reads of a canary",
        reads: |value| CanaryBy::parse(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-interval-seconds",
        places: TWO_SIDES,
        takes: CanaryPlan::TAKES_SECONDS,
        about: "how long each step of a canary lasts at least",
        reads: |value| CanaryPlan::interval(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-max-error-percent",
        places: TWO_SIDES,
        takes: CanaryPlan::TAKES_SHARE,
        about: "the largest share of a canary's reads that may fail",
        reads: |value| CanaryPlan::share(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-max-mismatch-percent",
        places: TWO_SIDES,
        takes: CanaryPlan::TAKES_SHARE,
        about: "the largest share of compared answers that may differ",
        reads: |value| CanaryPlan::share(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-max-p99-ms",
        places: TWO_SIDES,
        takes: CanaryPlan::TAKES_MS,
        about: "the time within which 99 of 100 reads must begin to be answered",
        reads: |value| CanaryPlan::time(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-min-requests",
        places: TWO_SIDES,
        takes: CanaryPlan::TAKES_REQUESTS,
        about: "how many reads a step of a canary needs",
        reads: |value| CanaryPlan::count(value).is_some(),
    },
    TagRule {
        key: "banyan:canary-steps",
        places: TWO_SIDES,
        takes: CanaryPlan::TAKES_STEPS,
        about: "the shares to which a canary rises by itself",
        reads: |value| CanaryPlan::steps(value).is_some(),
    },
    TagRule {
        key: "banyan:connect-ms",
        places: ANY_ROUTE,
        takes: Patience::TAKES,
        about: "how long a connection to the service may take",
        reads: |value| Patience::parse(value).is_some(),
    },
    TagRule {
        key: "banyan:connections",
        places: ANY_ROUTE,
        takes: RouteLimits::TAKES_CONNECTIONS,
        about: "the most requests that may be under way at the service at once",
        reads: |value| RouteLimits::connections(value).is_some(),
    },
    TagRule {
        key: "banyan:event-idle-ms",
        places: ANY_ROUTE,
        takes: Patience::TAKES,
        about: "how long a stream of events may pause",
        reads: |value| Patience::parse(value).is_some(),
    },
    TagRule {
        key: "banyan:first-byte-ms",
        places: ANY_ROUTE,
        takes: Patience::TAKES,
        about: "how long an answer may take to begin",
        reads: |value| Patience::parse(value).is_some(),
    },
    TagRule {
        key: HOST,
        places: ANY_ROUTE,
        takes: ORIGINAL,
        about: "original: the service gets the host that the client asked for, and not its own",
        reads: |value| value == ORIGINAL,
    },
    TagRule {
        key: "banyan:idle-ms",
        places: ANY_ROUTE,
        takes: Patience::TAKES,
        about: "how long an answer may pause",
        reads: |value| Patience::parse(value).is_some(),
    },
    TagRule {
        key: "banyan:ignore",
        places: TWO_SIDES,
        takes: "JSON pointers such as /-/updatedAt, separated by spaces or commas",
        about: "the values that the comparison of a shadow leaves out",
        reads: |value| Pointer::list(value).is_ok(),
    },
    TagRule {
        key: "banyan:shadow",
        places: TWO_SIDES,
        takes: Percent::TAKES,
        about: "the share of the reads that are mirrored and compared",
        reads: |value| Percent::parse(value).is_some(),
    },
    TagRule {
        key: "banyan:upload-bytes",
        places: ANY_ROUTE,
        takes: RouteLimits::TAKES_UPLOAD,
        about: "the largest body of a request, in bytes",
        reads: |value| RouteLimits::upload_bytes(value).is_some(),
    },
    TagRule {
        key: "banyan:websocket-idle-ms",
        places: ANY_ROUTE,
        takes: Patience::TAKES,
        about: "how long both sides of a WebSocket may be silent",
        reads: |value| Patience::parse(value).is_some(),
    },
];

const HOST: &str = "banyan:host";
const ORIGINAL: &str = "original";

/// Whether a service gets the host that the client asked for.
pub(crate) fn has_original_host(tags: &BTreeMap<String, String>) -> bool {
    tags.get(HOST).is_some_and(|value| value == ORIGINAL)
}

/// Checks the tags that begin with `banyan:`, as they are to stand on something.
///
/// # Errors
/// The first that is not known, may not stand there, or has a value that it does not take; with what is possible.
pub fn check_tags(tags: &BTreeMap<String, String>, place: TagPlace) -> Result<(), String> {
    let read = tags.iter().filter(|(key, _)| key.starts_with("banyan:"));
    for (key, value) in read {
        let Some(rule) = TAGS.iter().find(|rule| rule.key == key) else {
            return Err(format!("{key} is not known: {}", possible(place)));
        };
        if !rule.places.contains(&place) {
            return Err(format!("{key} may not stand on {place}: {}", possible(place)));
        }
        if !(rule.reads)(value) {
            return Err(format!("{key} must be {}, not {value:?}", rule.takes));
        }
    }
    Ok(())
}

/// The tags that may stand in a place.
fn possible(place: TagPlace) -> String {
    let here = TAGS.iter().filter(|rule| rule.places.contains(&place));
    let keys: Vec<_> = here.map(|rule| rule.key).collect();
    match keys.join(", ") {
        none if none.is_empty() => format!("no tag that begins with banyan: may stand on {place}"),
        keys => format!("{place} takes {keys}"),
    }
}

impl fmt::Display for TagPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "an environment",
            Self::Application => "an application",
            Self::Service => "a service",
            Self::Route => "a route with a path",
            Self::DefaultRoute => "a DEFAULT route",
        })
    }
}

#[cfg(test)]
mod tests;
