//! The addresses of a service's name, asked again every minute.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use url::Host;

use crate::proxy::limits::DNS_TIME;

/// The addresses of a host.
#[derive(Debug)]
pub(crate) enum Names {
    Address(Arc<[SocketAddr]>),
    Name { name: String, port: u16, known: Mutex<Option<Known>> },
}

#[derive(Clone, Debug)]
pub(crate) struct Known {
    addresses: Arc<[SocketAddr]>,
    until: Instant,
}

impl Names {
    pub(crate) fn new(host: &Host<String>, port: u16) -> Self {
        match host {
            Host::Ipv4(ip) => Self::Address([(*ip, port).into()].into()),
            Host::Ipv6(ip) => Self::Address([(*ip, port).into()].into()),
            Host::Domain(name) => Self::Name { name: name.clone(), port, known: Mutex::default() },
        }
    }

    /// Whether the addresses never change.
    pub(crate) fn are_fixed(&self) -> bool {
        matches!(self, Self::Address(_))
    }

    /// The addresses. Where they are too old one caller asks for them, the others take the old ones.
    ///
    /// # Errors
    /// Where the name cannot be resolved and never was.
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
                let addresses: Arc<[SocketAddr]> = found.collect();
                let until = Instant::now() + DNS_TIME;
                let new = Known { addresses: Arc::clone(&addresses), until };
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
