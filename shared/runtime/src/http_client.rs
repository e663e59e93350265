//! HTTP clients for other programs.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Certificate, Client};

use crate::chain::chain;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// Clients for HTTP and HTTPS. They share their pools with their clones.
#[derive(Debug)]
pub struct Clients {
    plain: Client,
    /// Made when it is needed first: it wants the system's authorities.
    secure: OnceLock<Result<Client, String>>,
}

impl Clients {
    /// Clients that have no connection yet.
    ///
    /// # Errors
    /// If no client can be made at all.
    pub fn new() -> reqwest::Result<Self> {
        Ok(Self { plain: http_client(false)?, secure: OnceLock::new() })
    }

    /// The client for this URL.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn of(&self, url: &str) -> Result<&Client, String> {
        if !url.starts_with("https:") {
            return Ok(&self.plain);
        }
        let secure = self.secure.get_or_init(|| http_client(true).map_err(|error| chain(&error)));
        secure.as_ref().map_err(Clone::clone)
    }
}

/// The authorities whose certificates an HTTP client trusts.
#[derive(Clone, Copy, Debug)]
pub enum Authorities<'a> {
    /// None: it speaks no TLS, and a machine without any authorities will do.
    None,
    /// Those of the system.
    System,
    /// Those in this text (PEM), and no others.
    Pem(&'a [u8]),
}

/// An HTTP client for other programs: pooled; with `https`, also over TLS with the system's authorities.
///
/// # Errors
/// If TLS cannot be set up.
pub fn http_client(https: bool) -> reqwest::Result<Client> {
    let authorities = if https { Authorities::System } else { Authorities::None };
    http_client_trusting(authorities, CONNECT_TIME)
}

/// The same with these authorities, and `connect_time` for a connection with its TLS.
///
/// # Errors
/// If TLS cannot be set up, or there is no certificate in the text.
pub fn http_client_trusting(
    authorities: Authorities<'_>,
    connect_time: Duration,
) -> reqwest::Result<Client> {
    // The first caller sets the process's provider; the others find the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    let builder = match authorities {
        Authorities::None => builder.tls_certs_only([]),
        Authorities::System => builder,
        Authorities::Pem(pem) => builder.tls_certs_only(Certificate::from_pem_bundle(pem)?),
    };
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connect_time)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        .build()
}
