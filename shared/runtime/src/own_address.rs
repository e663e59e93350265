//! Whether an address is a program's own, whatever it is called there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

/// How long a name may take to become addresses.
const RESOLVE_TIME: Duration = Duration::from_secs(1);

/// Whether a connection to `address` reaches what listens on `listener`.
pub fn leads_to(address: SocketAddr, listener: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    // A connection to "any address" reaches this machine (RFC 1122, 3.2.1.3, says that it should not).
    let ip = if ip.is_unspecified() { loopback_like(ip) } else { ip };
    let on_any = || listener.ip().is_unspecified() && is_ours(ip);
    address.port() == listener.port() && (ip == listener.ip().to_canonical() || on_any())
}

/// The loopback address of the same family.
pub fn loopback_like(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Whether the URL leads to what listens on `listener`, by the addresses that its host has now.
pub async fn url_leads_to(url: &Url, listener: SocketAddr) -> bool {
    let Some(port) = url.port_or_known_default() else { return false };
    let found = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        // A host that is not found now is asked later, as any that is down.
        Some(Host::Domain(name)) => match timeout(RESOLVE_TIME, lookup_host((name, port))).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        },
        None => Vec::new(),
    };
    found
        .into_iter()
        .any(|address| leads_to(address, listener) && !is_for_another(address.ip(), listener.ip()))
}

/// Whether a loopback address may be that of another program: a mesh (Amazon ECS Service Connect) gives its names
/// addresses such as 127.255.0.1 on each machine. Debian gives a machine's own name 127.0.1.1.
fn is_for_another(ip: IpAddr, listener: IpAddr) -> bool {
    let (ip, own) = (ip.to_canonical(), [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 1, 1)]);
    let own = own.into_iter().any(|own| ip == own) || ip == listener.to_canonical();
    ip.is_ipv4() && ip.is_loopback() && !own
}

/// Whether this machine has the address: another machine's cannot be bound.
fn is_ours(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::url_leads_to;

    #[actix_web::test]
    async fn a_program_knows_its_own_address_by_every_name() {
        for (url, listener, is_own) in [
            ("http://127.0.0.1:3000/api/users", "127.0.0.1:3000", true),
            ("http://127.0.0.1:3000/api/users", "0.0.0.0:3000", true),
            ("http://localhost:3000", "0.0.0.0:3000", true),
            ("http://0.0.0.0:3000", "127.0.0.1:3000", true),
            ("http://[::1]:3000", "[::]:3000", true),
            ("http://127.0.0.1", "0.0.0.0:80", true),
            ("https://127.0.0.1", "0.0.0.0:443", true),
            ("http://127.0.0.1:3001", "0.0.0.0:3000", false),
            ("http://127.0.0.2:3000", "127.0.0.1:3000", false),
            ("http://127.0.0.2:3000", "127.0.0.2:3000", true),
            ("http://127.0.1.1:3000", "0.0.0.0:3000", true),
            ("http://127.255.0.1:3000", "0.0.0.0:3000", false),
            ("http://[::ffff:127.255.0.1]:3000", "[::]:3000", false),
            ("http://192.0.2.1:3000", "0.0.0.0:3000", false),
            ("http://no-such-host.invalid:3000", "0.0.0.0:3000", false),
        ] {
            let (parsed, bound) = (url.parse().unwrap(), listener.parse().unwrap());
            assert_eq!(url_leads_to(&parsed, bound).await, is_own, "{url} on {listener}");
        }
    }
}
