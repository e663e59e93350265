//! HTTP clients for other programs.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Client;

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

/// An HTTP client for other programs: pooled; with `https`, also over TLS with the system's authorities.
///
/// # Errors
/// If TLS cannot be set up.
pub fn http_client(https: bool) -> reqwest::Result<Client> {
    // The first caller sets the process's provider; the others find the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    // Without HTTPS no authority is asked for, so a machine without any will do.
    let builder = if https { builder } else { builder.tls_certs_only([]) };
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIME)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        .build()
}
