//! The names by which clients may ask.
//!
//! A page of any site can have its own name lead to a loopback address, and then its scripts ask the programs on the machine
//! of its reader, as if they were of that site (DNS rebinding). Such a request still has the name of that site in
//! `Host`. So a port on a loopback address answers only loopback names, IP addresses, and the names that it is told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use runtime::is_authority;

use crate::downstream::host_of;

/// The names that are answered, read from a list with commas between them, such as `www.example.com,example.com`.
///
/// IP addresses and loopback names (RFC 6761, 6.3) are always answered. Without names, so is every name, except on a
/// loopback address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicHosts(Vec<String>);

impl PublicHosts {
    /// Why a request is refused that asks for a name which is not answered.
    pub const REFUSAL: &str = "the host of the request is not answered here: set PUBLIC_HOSTS to the names that clients use";

    /// Whether a request for `host`, perhaps with a port, is answered on the address `listener`.
    pub fn answer(&self, host: &str, listener: IpAddr) -> bool {
        if self.0.is_empty() && !listener.to_canonical().is_loopback() {
            return true;
        }
        let name = host_of(host).trim_end_matches('.');
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let is_ip = || match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
            None => name.parse::<Ipv4Addr>().is_ok(),
        };
        // HTTP/1.0 may name no host; a browser always does.
        name.is_empty()
            || self.0.iter().any(|own| is(own))
            || is("localhost")
            || is_below_localhost(name)
            || is_ip()
    }
}

fn is_below_localhost(name: &str) -> bool {
    const SUFFIX: &str = ".localhost";
    let start = name.len().checked_sub(SUFFIX.len());
    start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(SUFFIX))
}

/// A text that is no list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHosts;

impl FromStr for PublicHosts {
    type Err = NoHosts;

    fn from_str(text: &str) -> Result<Self, NoHosts> {
        let name = |text: &str| {
            let name = text.trim();
            let plain = is_authority(name) && !name.contains([':', '*', '%']);
            plain.then(|| name.trim_end_matches('.').to_owned())
        };
        text.split(',').map(name).collect::<Option<_>>().map(Self).ok_or(NoHosts)
    }
}

#[cfg(test)]
mod tests {
    use super::PublicHosts;

    #[test]
    fn on_loopback_only_known_names_are_answered() {
        let (none, some) =
            (PublicHosts::default(), "www.example.com, shop.example.".parse().unwrap());
        let answers = |hosts: &PublicHosts, host| {
            ["127.0.0.1", "::1", "::ffff:127.0.0.1"]
                .map(|ip| hosts.answer(host, ip.parse().unwrap()))
        };
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "a.b.localhost:1",
            "127.0.0.1:8080",
            "10.0.0.1",
            "[::1]:8080",
            "[::1]",
            "",
        ] {
            assert_eq!(
                (answers(&none, host), answers(&some, host)),
                ([true; 3], [true; 3]),
                "{host}"
            );
        }
        for host in
            ["www.example.com", "WWW.Example.Com:8080", "www.example.com.", "shop.example:1"]
        {
            assert_eq!(
                (answers(&none, host), answers(&some, host)),
                ([false; 3], [true; 3]),
                "{host}"
            );
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "xlocalhost",
            "127.0.0.1.evil.example",
            "0x7f.1",
            "2130706433",
            "evil.www.example.com",
        ] {
            assert_eq!(
                (answers(&none, host), answers(&some, host)),
                ([false; 3], [false; 3]),
                "{host}"
            );
        }
    }

    #[test]
    fn elsewhere_every_name_is_answered_unless_some_are_told() {
        let elsewhere = "10.0.0.1".parse().unwrap();
        let some: PublicHosts = "www.example.com".parse().unwrap();
        assert!(PublicHosts::default().answer("any.example", elsewhere));
        assert!(some.answer("www.example.com", elsewhere) && some.answer("10.0.0.1:80", elsewhere));
        assert!(!some.answer("any.example", elsewhere));
        let any = "0.0.0.0".parse().unwrap();
        assert!(
            PublicHosts::default().answer("any.example", any) && !some.answer("any.example", any)
        );
    }

    #[test]
    fn a_list_holds_names_alone() {
        for text in ["", "a,", "a b", "a:80", "http://a", "*.example.com", "a/b", "[::1]"] {
            assert!(text.parse::<PublicHosts>().is_err(), "{text}");
        }
    }
}
