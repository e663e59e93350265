//! The networks whose proxies are believed.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The networks of the proxies in front, such as load balancers: what they say about how a request came is believed.
/// Read from networks and addresses with commas between them, such as `10.0.0.0/8,::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether what this address says is believed. An IPv4 address may be mapped to IPv6 (RFC 4291, 2.5.5.2).
    pub fn contain(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }
}

/// A text that is no list of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNetworks;

impl FromStr for TrustedProxies {
    type Err = NoNetworks;

    fn from_str(text: &str) -> Result<Self, NoNetworks> {
        let network = |text: &str| {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        };
        text.split(',').map(network).collect::<Option<_>>().map(Self).ok_or(NoNetworks)
    }
}

#[cfg(test)]
mod tests {
    use super::TrustedProxies;

    #[test]
    fn a_list_of_networks_and_addresses_is_read() {
        let trusted: TrustedProxies = "10.0.0.0/8, ::1,192.0.2.7,2001:db8::/32".parse().unwrap();
        for ip in ["10.255.0.1", "::ffff:10.0.0.1", "::1", "192.0.2.7", "2001:db8:1::"] {
            assert!(trusted.contain(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["11.0.0.1", "::2", "192.0.2.8", "127.0.0.1", "2001:db9::"] {
            assert!(!trusted.contain(ip.parse().unwrap()), "{ip}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "localhost", "10.0.0.0/8,", "10.0.0.0/8 ::1"] {
            assert!(text.parse::<TrustedProxies>().is_err(), "{text:?}");
        }
    }
}
