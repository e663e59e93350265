//! How a route's tags divide its reads between two services, and have them compared.
//!
//! A tagged route has two sides: its own (new) service, and the service that would get its requests without it. That
//! is the next best route's service, normally that of the default route. `GET` and `HEAD` are reads.
//!
//! | tag | what it says |
//! |---|---|
//! | `banyan:canary` | percent of the reads that its own service answers; the other side answers the rest of them and all other methods. Without the tag its own service answers everything |
//! | `banyan:canary-by` | what chooses them: `request` (the lot, each time; the default), or `address`, `cookie:NAME` or `header:NAME` for the same clients always |
//! | `banyan:shadow` | percent of the reads that are mirrored: a copy goes to the side that did not answer, and the two answers are compared |
//! | `banyan:ignore` | JSON pointers, separated by spaces or commas, that are left out of the comparison |
//!
//! Before a switch, use `banyan:canary=0` with `banyan:shadow=100`: all traffic stays with the old service, and the
//! new one gets a copy of every read. Percentages are whole numbers from 0 to 100. If there is no other side, as for
//! a default route, the route's own service answers everything and nothing is mirrored.

mod mirror;

use std::collections::BTreeMap;
use std::net::IpAddr;

use canary::{Canary, Percent};
use http::Method;
use http1::RequestHead;
use shadow::Pointer;

pub(crate) use mirror::Mirror;

/// How a route's requests are divided.
#[derive(Debug)]
pub(crate) struct Split {
    /// Which of the reads its own service answers; none: it answers everything.
    pub(crate) canary: Option<Canary>,
    /// What is mirrored.
    pub(crate) mirror: Option<Mirror>,
}

impl Split {
    /// What the tags say, but for values that `tags.rs` refuses; nothing if they divide nothing.
    pub(crate) fn tagged(tags: &BTreeMap<String, String>, service: &str) -> Option<Self> {
        let canary = Canary::tagged(tags, service);
        let shadow = tags.get("banyan:shadow").and_then(|value| Percent::parse(value));
        let shadow = shadow.filter(|percent| *percent != Percent::NONE);
        let ignored = tags.get("banyan:ignore").and_then(|value| Pointer::list(value).ok());
        let mirror = shadow.map(|share| Mirror::new(share, ignored.unwrap_or_default()));
        (canary.is_some() || mirror.is_some()).then_some(Self { canary, mirror })
    }

    /// Whether the route's own service answers a request of this client.
    pub(crate) fn keeps(&self, head: &RequestHead<'_>, client: IpAddr) -> bool {
        let takes = |canary: &Canary| is_read(&head.method) && canary.takes(head, client);
        self.canary.as_ref().is_none_or(takes)
    }
}

/// Whether a method only reads, so that a copy of it changes nothing.
pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::Method;
    use http1::RequestHead;

    use super::Split;

    fn split(tags: &[(&str, &str)]) -> Option<Split> {
        let tags = tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned()));
        Split::tagged(&tags.collect::<BTreeMap<_, _>>(), "users")
    }

    #[test]
    fn tags_that_divide_nothing_cost_nothing() {
        for tags in
            [&[][..], &[("team", "x")], &[("banyan:shadow", "0")], &[("banyan:ignore", "/a")]]
        {
            assert!(split(tags).is_none(), "{tags:?}");
        }
    }

    #[test]
    fn a_canary_gets_reads_alone() {
        let share = |tags, method: &Method| {
            let split = split(tags).unwrap();
            let head = format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n");
            let head = RequestHead::parse(head.as_bytes()).unwrap();
            (0..10_000).filter(|_| split.keeps(&head, [10, 0, 0, 1].into())).count()
        };
        assert_eq!(share(&[("banyan:canary", "100")], &Method::POST), 0);
        assert_eq!(share(&[("banyan:canary", "100")], &Method::HEAD), 10_000);
        assert_eq!(share(&[("banyan:canary", "0")], &Method::GET), 0);
        // Six deviations of 50.
        assert!((4_700..5_300).contains(&share(&[("banyan:canary", "50")], &Method::GET)));
        assert_eq!(share(&[("banyan:shadow", "50")], &Method::POST), 10_000);
    }
}
