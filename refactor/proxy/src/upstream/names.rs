//! The addresses of a service's name, asked again every minute.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use url::Host;

use crate::addresses::is_refused;
use crate::limits::DNS_TIME;

/// The addresses of a host.
#[derive(Debug)]
pub(crate) enum Names {
    Address(Arc<[SocketAddr]>),
    Name { name: String, port: u16, known: Mutex<Option<ResolvedAddresses>> },
}

#[derive(Clone, Debug)]
pub(crate) struct ResolvedAddresses {
    addresses: Arc<[SocketAddr]>,
    until: Instant,
}

impl Names {
    pub(crate) fn new(host: &Host<String>, port: u16) -> Self {
        match host {
            Host::Ipv4(ip) => Self::Address(usable([(*ip, port).into()])),
            Host::Ipv6(ip) => Self::Address(usable([(*ip, port).into()])),
            Host::Domain(name) => Self::Name { name: name.clone(), port, known: Mutex::default() },
        }
    }

    /// Whether the addresses never change.
    pub(crate) fn are_fixed(&self) -> bool {
        matches!(self, Self::Address(_))
    }

    /// The addresses, without those that are refused. If they are too old, one caller resolves the name again and the
    /// others take the old ones.
    ///
    /// # Errors
    /// If the name cannot be resolved and never was.
    pub(crate) async fn addresses(&self) -> io::Result<Arc<[SocketAddr]>> {
        let (name, port, known) = match self {
            Self::Address(addresses) => return Ok(Arc::clone(addresses)),
            Self::Name { name, port, known } => (name, *port, known),
        };
        let old = {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = &mut *known {
                if Instant::now() < known.until {
                    return Ok(Arc::clone(&known.addresses));
                }
                known.until = Instant::now() + DNS_TIME;
            }
            known.clone()
        };
        match (tokio::net::lookup_host((name.as_str(), port)).await, old) {
            (Ok(found), _) => {
                let addresses = usable(found);
                let until = Instant::now() + DNS_TIME;
                let new = ResolvedAddresses { addresses: Arc::clone(&addresses), until };
                *known.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
                Ok(addresses)
            }
            (Err(error), Some(old)) => {
                log::warn!("{name} cannot be resolved, its last addresses are used: {error}");
                Ok(old.addresses)
            }
            (Err(error), None) => Err(error),
        }
    }
}

/// Checks again what was checked when the service was made: the name's server may return other addresses later.
fn usable(found: impl IntoIterator<Item = SocketAddr>) -> Arc<[SocketAddr]> {
    found.into_iter().filter(|address| !is_refused(address.ip())).collect()
}

#[cfg(test)]
mod tests {
    use url::Host;

    use super::Names;

    #[tokio::test]
    async fn a_name_does_not_lead_to_the_secrets_of_this_machine() {
        // The resolver takes an address for a name that leads to it.
        for (name, count) in
            [("127.0.0.1", 1), ("169.254.169.254", 0), ("fe80::1", 0), ("64:ff9b::a9fe:a9fe", 0)]
        {
            let names = Names::new(&Host::Domain(name.to_owned()), 80);
            for _ in 0..2 {
                assert_eq!(names.addresses().await.unwrap().len(), count, "{name}");
            }
        }
        let literal = Names::new(&Host::Ipv4([169, 254, 169, 254].into()), 80);
        assert!(literal.addresses().await.unwrap().is_empty());
    }
}
