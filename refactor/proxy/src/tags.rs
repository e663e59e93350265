//! The tags that mean something here: each begins with `banyan:`. All others are the user's own.
//!
//! A tag of a service holds for all its routes. If a route has the same tag, the route's own value counts.

use std::collections::BTreeMap;
use std::fmt;

use canary::{CanaryBy, CanaryPlan, Percent};
use shadow::Pointer;

use crate::limits::Patience;

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
        takes: "a number from 1 to 100000",
        about: "the most requests that may be under way at the service at once",
        reads: |value| connections(value).is_some(),
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
        key: "banyan:websocket-idle-ms",
        places: ANY_ROUTE,
        takes: Patience::TAKES,
        about: "how long both sides of a WebSocket may be silent",
        reads: |value| Patience::parse(value).is_some(),
    },
];

/// How many requests may be under way at the upstream of a route with these tags; `known` without the tag.
pub(crate) fn connections_tagged(tags: &BTreeMap<String, String>, known: usize) -> usize {
    tags.get("banyan:connections").and_then(|value| connections(value)).unwrap_or(known)
}

fn connections(value: &str) -> Option<usize> {
    value.parse().ok().filter(|most| (1..=100_000).contains(most))
}

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
mod tests {
    use std::collections::BTreeMap;

    use super::{TAGS, TagPlace, TagRule, check_tags};

    fn refused(key: &str, value: &str, place: TagPlace) -> Option<String> {
        check_tags(&BTreeMap::from([(key.to_owned(), value.to_owned())]), place).err()
    }

    #[test]
    fn the_table_is_ordered_and_holds_each_key_once() {
        assert!(TAGS.is_sorted_by(|one, next| one.key < next.key));
        assert!(TAGS.iter().all(|rule| rule.key.starts_with("banyan:")));
    }

    #[test]
    fn each_tag_has_its_row_in_the_documents() {
        let page = include_str!("../../../docs/your-application.md");
        for TagRule { key, places, .. } in TAGS {
            let on: Vec<_> = places
                .iter()
                .map(|place| match place {
                    TagPlace::Environment => "environment",
                    TagPlace::Application => "application",
                    TagPlace::Service => "service",
                    TagPlace::Route if places.contains(&TagPlace::DefaultRoute) => "route",
                    TagPlace::Route => "route with a path",
                    TagPlace::DefaultRoute => "",
                })
                .filter(|word| !word.is_empty())
                .collect();
            let row = format!("\n| `{key}` | {} | ", on.join(", "));
            assert!(page.contains(&row), "{row}");
        }
    }

    #[test]
    fn an_unknown_tag_is_refused_with_those_that_are_possible_there() {
        let message = refused("banyan:canry", "10", TagPlace::Route).unwrap();
        assert!(message.starts_with("banyan:canry is not known: a route with a path takes "));
        assert!(TAGS.iter().all(|rule| message.contains(rule.key)), "{message}");
        let message = refused("banyan:idle-ms", "10", TagPlace::Environment).unwrap();
        assert!(message.ends_with("no tag that begins with banyan: may stand on an environment"));
        assert_eq!(refused("team", "x", TagPlace::Environment), None);
    }

    #[test]
    fn what_needs_two_sides_may_not_stand_on_a_default_route() {
        for key in ["banyan:canary", "banyan:shadow", "banyan:ignore"] {
            let message = refused(key, "0", TagPlace::DefaultRoute).unwrap();
            assert!(message.starts_with(&format!("{key} may not stand on a DEFAULT route: a ")));
            assert!(message.contains("banyan:idle-ms") && !message.contains("shadow,"));
        }
        assert_eq!(refused("banyan:idle-ms", "10", TagPlace::DefaultRoute), None);
        assert_eq!(refused("banyan:canary", "10", TagPlace::Service), None);
    }

    #[test]
    fn a_value_that_a_tag_does_not_take_is_refused_with_what_it_takes() {
        for (key, value) in [
            ("banyan:canary", "101"),
            ("banyan:shadow", "ten"),
            ("banyan:ignore", "a"),
            ("banyan:ignore", "/a /b~2"),
            ("banyan:connect-ms", "0"),
            ("banyan:connections", "0"),
            ("banyan:first-byte-ms", "86400001"),
            ("banyan:idle-ms", "2s"),
        ] {
            let message = refused(key, value, TagPlace::Route).unwrap();
            let quoted = format!("not {value:?}");
            assert!(message.starts_with(&format!("{key} must be ")) && message.ends_with(&quoted));
        }
    }
}
