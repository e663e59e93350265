//! HTTP clients for other programs.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
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
    private: Option<Private>,
}

/// What knows the private authorities of programs, by the URL that is asked.
pub trait PrivateAuthorities: Send + Sync {
    /// The certificates in PEM form that alone vouch for the program at this URL; none: the system's do.
    ///
    /// # Errors
    /// If they cannot be read.
    fn of(&self, url: &str) -> Result<Option<Arc<[u8]>>, String>;
}

/// The same certificates for every program.
impl PrivateAuthorities for Arc<[u8]> {
    fn of(&self, _url: &str) -> Result<Option<Arc<[u8]>>, String> {
        Ok(Some(Self::clone(self)))
    }
}

/// The clients that trust a private authority alone: one for each, so that no connection is used under another.
struct Private {
    authorities: Box<dyn PrivateAuthorities>,
    clients: Mutex<Vec<(Arc<[u8]>, Client)>>,
}

impl Clients {
    /// Clients that have no connection yet, and trust the system's authorities.
    ///
    /// # Errors
    /// If no client can be made at all.
    pub fn new() -> reqwest::Result<Self> {
        Ok(Self { plain: http_client(false)?, secure: OnceLock::new(), private: None })
    }

    /// The same, but programs that have a private authority are trusted by that one alone.
    ///
    /// # Errors
    /// If no client can be made at all.
    pub fn trusting(authorities: impl PrivateAuthorities + 'static) -> reqwest::Result<Self> {
        let private = Private { authorities: Box::new(authorities), clients: Mutex::default() };
        Ok(Self { private: Some(private), ..Self::new()? })
    }

    /// The client for this URL.
    ///
    /// # Errors
    /// If TLS cannot be set up, or a private authority cannot be read.
    pub fn of(&self, url: &str) -> Result<Client, String> {
        if !url.starts_with("https:") {
            return Ok(self.plain.clone());
        }
        if let Some(private) = &self.private
            && let Some(pem) = private.authorities.of(url)?
        {
            return private.client(pem);
        }
        let secure = self.secure.get_or_init(|| http_client(true).map_err(|error| chain(&error)));
        secure.clone()
    }
}

impl Private {
    fn client(&self, pem: Arc<[u8]>) -> Result<Client, String> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| Arc::ptr_eq(known, &pem)) {
            return Ok(client.clone());
        }
        // Those that nothing else has are not trusted any more.
        clients.retain(|(known, _)| Arc::strong_count(known) > 1);
        let client = http_client_trusting(Authorities::Pem(&pem), CONNECT_TIME);
        let client = client.map_err(|error| chain(&error))?;
        clients.push((pem, client.clone()));
        Ok(client)
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Private").finish_non_exhaustive()
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

/// Whether an HTTP client could trust the authorities in this text (PEM).
///
/// # Errors
/// Why it could not: one cannot be read, or there is none.
pub fn check_authorities(pem: &[u8]) -> Result<(), String> {
    match Certificate::from_pem_bundle(pem) {
        Ok(all) if all.is_empty() => Err("it holds none".to_owned()),
        Ok(_) => http_client_trusting(Authorities::Pem(pem), CONNECT_TIME)
            .map(drop)
            .map_err(|error| chain(&error)),
        Err(error) => Err(chain(&error)),
    }
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
