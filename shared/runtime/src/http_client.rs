//! HTTP clients for other programs.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Client;

use crate::problem::chain;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// Clients for HTTP and HTTPS. They share their pools with their clones.
#[derive(Debug)]
pub(crate) struct Clients {
    plain: Client,
    /// Made when it is needed first: it wants the system's authorities.
    secure: OnceLock<Result<Client, String>>,
}

impl Clients {
    /// # Errors
    /// Where no client can be made at all.
    pub(crate) fn new() -> reqwest::Result<Self> {
        Ok(Self { plain: client(false)?, secure: OnceLock::new() })
    }

    /// The client for this URL.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub(crate) fn of(&self, url: &str) -> Result<&Client, String> {
        if !url.starts_with("https:") {
            return Ok(&self.plain);
        }
        let secure = self.secure.get_or_init(|| client(true).map_err(|error| chain(&error)));
        secure.as_ref().map_err(Clone::clone)
    }
}

/// An HTTP client for other services: pooled; over HTTPS, where that is wanted, with the system's
/// authorities.
///
/// # Errors
/// Where TLS cannot be set up.
pub fn client(https: bool) -> reqwest::Result<Client> {
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
