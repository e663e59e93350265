//! TLS to services, by rustls, with the authorities that this machine trusts.

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

/// How to speak TLS with one host. What is wrong with it is said to each request.
#[derive(Debug)]
pub(crate) struct Tls(Result<(Arc<ClientConfig>, ServerName<'static>), String>);

impl Tls {
    pub(crate) fn new(host: &Host<String>) -> Self {
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|e| e.to_string()),
            Host::Ipv4(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
            Host::Ipv6(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
        };
        Self(name.and_then(|name| Ok((config()?, name))))
    }

    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let (config, name) = self.0.as_ref().map_err(|why| io::Error::other(why.clone()))?;
        TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream).await
    }
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
