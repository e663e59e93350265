//! The endpoint of a service's URL: refused hosts, and the addresses that are used.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use runtime::leads_to;
use url::{Host, Url};

use proxy::is_refused;

/// How long a name may take to become addresses.
const RESOLVE_TIME: Duration = Duration::from_secs(2);

/// Finds the addresses behind a URL; none if its name leads nowhere at the moment. Blocks for at
/// most [`RESOLVE_TIME`].
///
/// # Errors
/// Says why the URL is refused: it leads to a link-local or metadata address, or back to one of
/// `own`, the addresses that this proxy listens on.
pub(crate) fn resolve(url: &str, own: &[SocketAddr]) -> Result<Vec<SocketAddr>, String> {
    let parsed = Url::parse(url).map_err(|error| format!("is no URL: {error}"))?;
    let port = parsed.port_or_known_default().unwrap_or(80);
    let addresses = match parsed.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => look_up(name.to_owned(), port),
        None => return Err("has no host".into()),
    };
    for address in &addresses {
        check(*address, own)?;
    }
    Ok(addresses)
}

/// Asks the system's resolver, which has no time limit of its own.
fn look_up(name: String, port: u16) -> Vec<SocketAddr> {
    let (found, answer) = mpsc::channel();
    let asked = thread::Builder::new().name("resolver".into()).spawn(move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        // If this took too long, the caller no longer waits.
        let _ = found.send(addresses.map(Iterator::collect).unwrap_or_default());
    });
    match asked {
        Ok(_) => answer.recv_timeout(RESOLVE_TIME).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

fn check(address: SocketAddr, own: &[SocketAddr]) -> Result<(), String> {
    let ip = address.ip().to_canonical();
    if is_refused(ip) {
        return Err(format!(
            "leads to {ip}: link-local and metadata addresses are refused, because what answers there \
             gives out the secrets of this machine"
        ));
    }
    match own.iter().find(|own| leads_to(address, **own)) {
        Some(own) => Err(format!(
            "leads back to this proxy, which listens on {own}: requests would go round in a loop; name \
             the address of the service itself"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{check, resolve};

    #[test]
    fn link_local_and_metadata_addresses_are_refused_however_they_are_written() {
        for url in [
            "http://169.254.169.254/latest",
            "http://169.254.0.1:8080",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
        ] {
            let error = resolve(url, &[]).unwrap_err();
            assert!(error.contains("link-local"), "{url}: {error}");
        }
        for address in
            ["[fe80::1]:80", "[febf::1]:80", "[fd00:ec2::254]:80", "[::ffff:169.254.1.1]:80"]
        {
            assert!(check(address.parse().unwrap(), &[]).is_err(), "{address}");
        }
        for address in ["[fd00:ec2::253]:80", "10.0.0.1:80", "192.168.1.1:80", "[2001:db8::1]:80"] {
            assert_eq!(check(address.parse().unwrap(), &[]), Ok(()), "{address}");
        }
    }

    #[test]
    fn what_leads_back_to_the_proxy_is_refused() {
        let own: [SocketAddr; 2] =
            ["127.0.0.1:8080".parse().unwrap(), "0.0.0.0:9080".parse().unwrap()];
        for url in [
            "http://127.0.0.1:8080/api",
            "http://localhost:8080",
            "http://0.0.0.0:8080/",
            "http://127.1:8080",
            "http://127.0.0.1:9080",
            "http://127.9.9.9:9080",
            "https://localhost:9080",
        ] {
            let error = resolve(url, &own).unwrap_err();
            assert!(error.contains("loop"), "{url}: {error}");
        }
        for url in ["http://127.0.0.1:3000", "http://127.0.0.2:8080", "http://192.0.2.1:9080"] {
            assert!(resolve(url, &own).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_name_that_leads_nowhere_now_may_lead_somewhere_later() {
        assert_eq!(resolve("http://no-such-host.invalid:80", &[]), Ok(vec![]));
    }
}
