//! Addresses that no service has: those where machines get their own secrets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address of the metadata service of AWS over IPv6, which gives a machine its secrets. Over IPv4 it is
/// link-local.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Whether an address is link-local (RFC 3927, 2.1; RFC 4291, 2.5.6) or that of a metadata service, also inside an
/// IPv6 address that maps or embeds it.
pub fn is_refused(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local()
                || ip == METADATA_V6
                || wrapped(ip).is_some_and(|ip| ip.is_link_local())
        }
    }
}

/// The IPv4 address that a packet to an IPv6 address may end at: IPv4-mapped (RFC 4291, 2.5.5.2), behind a
/// NAT64 (RFC 6052, 2.1), or by 6to4 (RFC 3056, 2).
fn wrapped(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::is_refused;

    #[test]
    fn link_local_and_metadata_addresses_are_refused_however_they_are_wrapped() {
        for ip in [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "::ffff:169.254.1.1",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(is_refused(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "10.0.0.1",
            "127.0.0.1",
            "192.168.1.1",
            "::1",
            "2001:db8::1",
            "fd00:ec2::253",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::a9fe:a9fe",
        ] {
            assert!(!is_refused(ip.parse().unwrap()), "{ip}");
        }
    }
}
