//! TLS to services, by rustls: with the authorities that this machine trusts, or with one of the service's own alone.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::private_authorities::{Authority, Trust};

/// How to speak TLS with one host. What is wrong with it is said to each request.
#[derive(Debug)]
pub(super) struct Tls {
    name: Result<ServerName<'static>, String>,
    /// The only authority for its certificate; none: those that this machine trusts.
    pub(super) authority: Option<Arc<Authority>>,
}

/// What vouched for a connection.
#[derive(Debug)]
pub(super) struct Vouched {
    authority: Arc<Authority>,
    trust: Arc<Trust>,
}

impl Vouched {
    /// Whether it still does.
    pub(super) fn is_current(&self) -> bool {
        self.authority.is_current(&self.trust)
    }
}

impl Tls {
    pub(super) fn new(host: &Host<String>, authority: Option<Arc<Authority>>) -> Self {
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|e| e.to_string()),
            Host::Ipv4(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
            Host::Ipv6(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
        };
        Self { name, authority }
    }

    /// Speaks TLS; gives the private authority that vouches for it, if it is to have one.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, Option<Vouched>)> {
        let name = self.name.clone().map_err(io::Error::other)?;
        let (config, vouched) = match &self.authority {
            None => (config().map_err(io::Error::other)?, None),
            Some(authority) => {
                let trust = authority.current().map_err(io::Error::other)?;
                let config = Arc::clone(&trust.config);
                (config, Some(Vouched { authority: Arc::clone(authority), trust }))
            }
        };
        Ok((TlsConnector::from(config).connect(name, stream).await?, vouched))
    }
}

/// Whether there is no connection because of the certificate that was shown.
pub(super) fn is_untrusted(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// Made once: reading the system's authorities takes a while.
fn config() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    CONFIG.get_or_init(|| make().map(Arc::new).map_err(|error| error.to_string())).clone()
}

fn make() -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
