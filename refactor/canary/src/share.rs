//! Which requests a canary's own service answers: a share of them, by lot or always for the same clients.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http1::RequestHead;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::percent::Percent;
use crate::plan::CanaryPlan;
use crate::tally::Tally;

/// The share of the reads that a route's own service answers.
#[derive(Debug)]
pub struct Canary {
    share: Percent,
    by: CanaryBy,
    /// Other clients for each service.
    seed: u64,
    /// What was seen of it.
    pub tally: Tally,
}

/// What decides for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CanaryBy {
    /// The lot, each time.
    Request,
    /// The client's address; of IPv6 the network, since a client changes the rest.
    Address,
    /// The value of this cookie, or the address without it.
    Cookie(String),
    /// The value of this header field, or the address without it.
    Header(String),
}

impl CanaryBy {
    /// What the value of a tag must be.
    pub const TAKES: &str = "request, address, cookie:NAME or header:NAME";

    /// The value of a tag; none: it is not what it must be.
    pub fn parse(value: &str) -> Option<Self> {
        match value.split_once(':') {
            None if value == "request" => Some(Self::Request),
            None if value == "address" => Some(Self::Address),
            Some(("cookie", name)) if is_token(name) => Some(Self::Cookie(name.to_owned())),
            Some(("header", name)) if is_token(name) => Some(Self::Header(name.to_owned())),
            _ => None,
        }
    }

    /// A number below 100: the same for the same client, unless each request has its own.
    fn lot(&self, seed: u64, head: &RequestHead<'_>, client: IpAddr) -> u8 {
        let shown = match self {
            Self::Request => return fastrand::u8(..100),
            Self::Address => None,
            Self::Cookie(name) => cookie(head, name),
            Self::Header(name) => field(head, name).next(),
        };
        let hash = match (shown, client.to_canonical()) {
            (Some(value), _) => xxh3_64_with_seed(value, seed),
            (None, IpAddr::V4(ip)) => xxh3_64_with_seed(&ip.octets(), seed),
            (None, IpAddr::V6(ip)) => xxh3_64_with_seed(&ip.octets()[..8], seed),
        };
        (hash % 100) as u8
    }
}

impl Canary {
    /// What the tags say, but for values that a check of tags refuses.
    pub fn tagged(tags: &BTreeMap<String, String>, service: &str) -> Option<Self> {
        let share = tags.get("banyan:canary").and_then(|value| Percent::parse(value))?;
        let by = tags.get("banyan:canary-by").and_then(|value| CanaryBy::parse(value));
        let seed = xxh3_64_with_seed(service.as_bytes(), 0);
        let slow_after =
            tags.get("banyan:canary-max-p99-ms").and_then(|value| CanaryPlan::time(value));
        let (by, tally) = (by.unwrap_or(CanaryBy::Request), Tally::new(slow_after));
        Some(Self { share, by, seed, tally })
    }

    /// Whether the route's own service answers this read. A client that is in stays in while the share grows.
    pub fn takes(&self, head: &RequestHead<'_>, client: IpAddr) -> bool {
        self.share.takes(self.by.lot(self.seed, head, client))
    }
}

/// A token (RFC 9110, 5.6.2), such as the name of a field or a cookie.
fn is_token(text: &str) -> bool {
    let is_sign = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte))
}

/// The values of a field.
fn field<'a>(head: &'a RequestHead<'_>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let named = head.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    named.map(|field| field.value)
}

/// The value of a cookie (RFC 6265, 5.4).
fn cookie<'a>(head: &'a RequestHead<'_>, name: &str) -> Option<&'a [u8]> {
    let pairs = field(head, "cookie").flat_map(|value| value.split(|byte| *byte == b';'));
    pairs.map(<[u8]>::trim_ascii).find_map(|pair| {
        let rest = pair.strip_prefix(name.as_bytes())?;
        rest.strip_prefix(b"=")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;

    use http1::RequestHead;

    use super::{Canary, CanaryBy};

    fn canary(share: u8, by: &str, service: &str) -> Canary {
        let share = ("banyan:canary".to_owned(), share.to_string());
        let by = ("banyan:canary-by".to_owned(), by.to_owned());
        Canary::tagged(&BTreeMap::from([share, by]), service).unwrap()
    }

    fn takes(canary: &Canary, fields: &str, client: &str) -> bool {
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        canary.takes(&RequestHead::parse(head.as_bytes()).unwrap(), client.parse().unwrap())
    }

    #[test]
    fn a_tag_names_what_decides() {
        for (value, expected) in [
            ("request", Some(CanaryBy::Request)),
            ("address", Some(CanaryBy::Address)),
            ("cookie:sid", Some(CanaryBy::Cookie("sid".to_owned()))),
            ("header:X-User", Some(CanaryBy::Header("X-User".to_owned()))),
            ("cookie", None),
            ("cookie:", None),
            ("header:a b", None),
            ("address:x", None),
            ("", None),
        ] {
            assert_eq!(CanaryBy::parse(value), expected, "{value}");
        }
    }

    #[test]
    fn a_client_that_is_in_stays_in_while_the_share_grows() {
        let mut before = Vec::new();
        for share in [0, 5, 20, 50, 100] {
            let canary = canary(share, "cookie:sid", "users");
            let is_in = |n: &u32| takes(&canary, &format!("Cookie: a=1; sid={n}\r\n"), "10.0.0.1");
            let now: Vec<u32> = (0..1_000).filter(is_in).collect();
            assert!(before.iter().all(|n| now.contains(n)), "{share}");
            let expected = usize::from(share) * 10;
            assert!(now.len().abs_diff(expected) < 60, "{share}: {}", now.len());
            before = now;
        }
        assert_eq!(before.len(), 1_000);
    }

    #[test]
    fn each_way_looks_at_its_own_part_of_a_request_and_at_the_address_without_it() {
        let vary = |by: &str, fields: fn(u32) -> String, client: fn(u32) -> String| {
            let canary = canary(50, by, "users");
            let sides: Vec<_> = (0..50).map(|n| takes(&canary, &fields(n), &client(n))).collect();
            sides.iter().any(|side| *side != sides[0])
        };
        let one = |_| "10.0.0.1".to_owned();
        let other = |n: u32| IpAddr::from(n.to_be_bytes()).to_string();
        let none = |_| String::new();
        assert!(vary("address", none, other) && !vary("address", none, one));
        let rest = |n| format!("2001:db8::{n:x}");
        assert!(!vary("address", none, rest), "a client changes the last 64 bits");
        let network = |n| format!("2001:db8:0:{n:x}::1");
        assert!(vary("address", none, network));
        let mapped = |_| "::ffff:10.0.0.1".to_owned();
        let canary = canary(50, "address", "users");
        assert_eq!(takes(&canary, "", &mapped(0)), takes(&canary, "", "10.0.0.1"));
        let header = |n| format!("x-USER: {n}\r\n");
        assert!(vary("header:X-User", header, one) && !vary("header:X-Other", header, one));
        assert!(vary("header:X-Other", header, other), "by the address without the field");
        let cookie = |n| format!("Cookie: a=1\r\nCookie: xid={n}; id={n}\r\n");
        assert!(vary("cookie:id", cookie, one) && !vary("cookie:i", cookie, one));
    }

    #[test]
    fn services_have_other_clients() {
        let [users, posts] = ["users", "posts"].map(|service| canary(50, "header:u", service));
        let side = |canary, n: u32| takes(canary, &format!("u: {n}\r\n"), "10.0.0.1");
        assert!((0..50).any(|n| side(&users, n) != side(&posts, n)));
    }
}
