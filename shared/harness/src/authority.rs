//! Certificates that a test makes itself, and TLS in front of a program.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An authority of a test. No machine trusts it.
pub struct TestAuthority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
#[derive(Debug)]
pub struct TestCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    chain_pem: String,
    key_pem: String,
}

impl TestAuthority {
    /// A new one.
    ///
    /// # Panics
    /// If no certificate can be made.
    #[must_use]
    pub fn new() -> Self {
        // Each has a name of its own: else a certificate of another one seems to be of this one, with a wrong signature.
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("authority {} of a test", MADE.fetch_add(1, Ordering::Relaxed));
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its certificate in PEM form.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name or address.
    #[must_use]
    pub fn certificate(&self, name: &str) -> TestCertificate {
        self.issue(name, 4096)
    }

    /// One that has expired.
    #[must_use]
    pub fn expired(&self, name: &str) -> TestCertificate {
        self.issue(name, 2001)
    }

    /// One that ends in a year.
    fn issue(&self, name: &str, until: i32) -> TestCertificate {
        let params = CertificateParams::new(vec![name.to_owned()]);
        let mut params = params.expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.0).expect("a certificate");
        let (chain_pem, key_pem) = (made.pem(), key.serialize_pem());
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        TestCertificate { chain: vec![made.der().clone()], key, chain_pem, key_pem }
    }
}

impl Default for TestAuthority {
    fn default() -> Self {
        Self::new()
    }
}

impl TestCertificate {
    /// It in PEM form.
    #[must_use]
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// Its key in PEM form.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Speaks TLS with this certificate on a free port of 127.0.0.1, in front of the program at an address: the port.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn in_front_of(self, behind: SocketAddr) -> u16 {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS")
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .expect("the key is that of the certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(stream).await else { return };
                    let Ok(mut program) = TcpStream::connect(behind).await else { return };
                    // Either side may end it.
                    let _ = copy_bidirectional(&mut client, &mut program).await;
                });
            }
        });
        port
    }
}
