//! Services that speak https: their certificates are checked against what this machine trusts.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::plane::{Plane, body, default, status};
use crate::service::ok;

/// Names the folder with certificate and key, in the process that trusts them.
const FOLDER: &str = "TEST_TLS_FOLDER";

/// Makes a certificate for `localhost` that vouches for itself.
pub(crate) fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A service that speaks https on this port, as `localhost`.
async fn service(folder: &Path) -> u16 {
    let certificates = CertificateDer::pem_file_iter(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates.map(Result::unwrap).collect(), key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut read = Vec::new();
                while stream.read_buf(&mut read).await.is_ok_and(|count| count > 0) {
                    let head = read.windows(4).position(|end| end == b"\r\n\r\n");
                    // Each upload here has 200,000 bytes, each other request none.
                    let Some(head) = head.map(|head| head + 4) else { continue };
                    let whole = if read.starts_with(b"POST") { head + 200_000 } else { head };
                    if read.len() >= whole {
                        read.drain(..whole);
                        stream.write_all(&ok(&"s".repeat(300_000))).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn a_service_that_nobody_vouches_for_gets_no_request() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let port = service(folder.path()).await;
    let plane = Plane::start(vec![default(&format!("https://localhost:{port}"))]);
    let answer = plane.get("/api", "").await;
    assert_eq!(status(&answer), 502, "{answer}");
    assert!(body(&answer).contains("has a certificate that is not accepted"), "{answer}");
}

/// What a machine trusts is read from the environment when a process starts, so this test runs itself in another one.
#[tokio::test]
#[ignore = "needs openssl"]
async fn a_service_that_this_machine_trusts_is_spoken_to() {
    match std::env::var_os(FOLDER) {
        Some(folder) => speaks_to_a_trusted_service(Path::new(&folder)).await,
        None => trust_and_run("tls::a_service_that_this_machine_trusts_is_spoken_to"),
    }
}

/// Runs a test of this file in a process that trusts a new certificate.
fn trust_and_run(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored"])
        .env("SSL_CERT_FILE", folder.path().join("cert.pem"))
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && shown.contains("1 passed"), "{shown}");
}

async fn speaks_to_a_trusted_service(folder: &Path) {
    let port = service(folder).await;
    let plane = Plane::start(vec![default(&format!("https://localhost:{port}"))]);
    for _ in 0..3 {
        let answer = plane.get("/api", "").await;
        assert_eq!((status(&answer), body(&answer).len()), (200, 300_000));
    }
    let head =
        "POST /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n";
    let answer = plane.send([head.as_bytes(), &[b'u'; 200_000]].concat()).await;
    assert_eq!((status(&answer), body(&answer).len()), (200, 300_000));
}
