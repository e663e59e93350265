//! TLS in front: a certificate with its key, from files that may change while the proxy runs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use runtime::Crowd;

use crate::file_version::{FileVersion, file_version};
use crate::limits::{HANDSHAKES, HEAD_TIME};

/// A certificate with its key, of two PEM files. Cheap to clone. The port speaks TLS 1.2 and 1.3, and by ALPN (RFC 7301)
/// `h2` and `http/1.1`.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    chain: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
    /// The files as they were when they were read last.
    seen: Mutex<Seen>,
    /// Places for handshakes: each may cost a signature.
    handshakes: Arc<Crowd>,
}

/// What tells one version of the two files from another.
type Seen = [Option<FileVersion>; 2];

impl Certificate {
    /// Reads the files: the certificate with those that vouch for it in `chain`, the first one its own, and its `key`.
    ///
    /// # Errors
    /// Says which file cannot be used, and why.
    pub fn open(chain: &Path, key: &Path) -> Result<Self, String> {
        Self::with_places(chain, key, HANDSHAKES)
    }

    /// The same with so many places for handshakes.
    fn with_places(chain: &Path, key: &Path, places: usize) -> Result<Self, String> {
        let seen = seen(chain, key);
        let current = Arc::new(Current(ArcSwap::from_pointee(read(chain, key)?)));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&current);
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(Inner {
            chain: chain.to_owned(),
            key: key.to_owned(),
            current,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            seen: Mutex::new(seen),
            handshakes: Arc::new(Crowd::new(places)),
        })))
    }

    /// Reads the files again if they changed. If they cannot be used, the certificate stays as it is, and the log says why.
    /// Connections that are there stay as they are.
    pub fn look(&self) {
        let Inner { chain, key, current, seen: last, .. } = &*self.0;
        // What is written while it is read looks different the next time.
        let now = seen(chain, key);
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == now {
            return;
        }
        *last = now;
        match read(chain, key) {
            Ok(certified) => {
                current.0.store(Arc::new(certified));
                log::info!("the certificate of {} is used from now on", chain.display());
            }
            Err(error) => log::error!("the certificate stays as it was: {error}"),
        }
    }

    /// Agrees with a client on keys. Nothing if that takes too long, or they do not agree.
    pub(crate) async fn handshake(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let Some(_place) = self.0.handshakes.enter(stream.peer_addr().ok()?.ip()) else {
            log::debug!("a client has its share of the {HANDSHAKES} handshakes at once");
            return None;
        };
        match timeout(HEAD_TIME, self.0.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                log::debug!("a TLS handshake failed: {error}");
                None
            }
            Err(_elapsed) => None,
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("chain", &self.0.chain).finish_non_exhaustive()
    }
}

/// The certificate of new connections.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let wrong = |path: &Path, why: &dyn fmt::Display| format!("{}: {why}", path.display());
    let unread = |path: &Path, nothing: &str, error: pem::Error| match error {
        pem::Error::NoItemsFound => wrong(path, &nothing),
        error => wrong(path, &error),
    };
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(chain).and_then(Iterator::collect);
    let none = "it has no certificate in PEM form";
    let certificates = certificates.map_err(|error| unread(chain, none, error))?;
    if certificates.is_empty() {
        return Err(wrong(chain, &none));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unread(key, "it has no private key in PEM form", error))?;
    CertifiedKey::from_der(certificates, private, &ring::default_provider()).map_err(|error| {
        match error {
            rustls::Error::InconsistentKeys(_) => {
                wrong(key, &format!("it is not the key of the certificate in {}", chain.display()))
            }
            error => wrong(chain, &format!("it cannot be used with {}: {error}", key.display())),
        }
    })
}

fn seen(chain: &Path, key: &Path) -> Seen {
    [chain, key].map(file_version)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::SocketAddr;
    use std::sync::Arc;

    use harness::TestAuthority;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio_rustls::TlsConnector;

    use super::Certificate;
    use crate::private_authorities::PrivateAuthorities;

    /// A connection from this address: the client's end, and the proxy's.
    async fn connection(from: &str, listener: &TcpListener) -> (TcpStream, TcpStream) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
        let client = socket.connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        (client.unwrap(), accepted.unwrap().0)
    }

    #[tokio::test]
    async fn no_client_takes_all_places_for_handshakes() {
        let (authority, folder) = (TestAuthority::new(), tempfile::tempdir().unwrap());
        let (chain, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let made = authority.certificate("localhost");
        fs::write(&chain, made.chain_pem()).unwrap();
        fs::write(&key, made.key_pem()).unwrap();
        fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let certificate = Certificate::with_places(&chain, &key, 8).unwrap();
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let (mut held, mut silent) = (Vec::new(), Vec::new());
        loop {
            let (client, stream) = connection("127.0.0.1", &listener).await;
            let certificate = certificate.clone();
            let handshake = tokio::spawn(async move { certificate.handshake(stream).await });
            // It waits for its silent client, or has no place and is over.
            tokio::task::yield_now().await;
            silent.push(client);
            if handshake.is_finished() {
                break;
            }
            held.push(handshake);
        }
        assert_eq!(held.len(), 6);
        let (client, stream) = connection("127.0.0.2", &listener).await;
        fs::remove_file(&chain).unwrap();
        fs::remove_file(&key).unwrap();
        let authorities = PrivateAuthorities::open(folder.path()).unwrap();
        let config = Arc::clone(&authorities.get("ca").current().unwrap().config);
        let connector = TlsConnector::from(config);
        let agreed = connector.connect("localhost".try_into().unwrap(), client);
        let (agreed, accepted) = tokio::join!(agreed, certificate.handshake(stream));
        assert!(agreed.is_ok() && accepted.is_some(), "{agreed:?}");
        held.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
