//! TLS in front: clients over https, and certificates that change.

use std::fs;
use std::path::Path;

use proxy::{Certificate, Settings};
use reqwest::{Client, Version, tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::plane::{Plane, default};
use crate::service::{Service, ok};
use crate::tls::certificate;

fn open(folder: &Path) -> Result<Certificate, String> {
    Certificate::open(&folder.join("cert.pem"), &folder.join("key.pem"))
}

/// A plane that has the certificate in this folder.
fn plane(certificate: &Certificate, url: &str) -> Plane {
    let certificate = Some(certificate.clone());
    Plane::with(Settings { workers: 1, certificate, ..Settings::default() }, vec![default(url)])
}

/// A client that trusts the certificate in this folder, with connections of its own.
fn client(folder: &Path) -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = fs::read(folder.join("cert.pem")).unwrap();
    let trusted = reqwest::Certificate::from_pem(&trusted).unwrap();
    Client::builder().tls_certs_only([trusted])
}

/// The URL of a path, by the name that the certificate has.
fn url(plane: &Plane, path: &str) -> String {
    format!("https://localhost:{}{path}", plane.address.port())
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn clients_ask_by_https_in_both_versions_of_tls_and_of_http() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let service = Service::answering(|request| {
        let said = ["x-forwarded-proto", "x-forwarded-port"]
            .map(|name| request.field(name).unwrap_or_default().to_owned());
        ok(&format!("{} {} {}", said.join(" "), request.body.len(), "x".repeat(100_000)))
    })
    .await;
    let plane = plane(&open(folder.path()).unwrap(), &service.url);
    let port = plane.address.port();
    for (version, http1) in [
        (tls::Version::TLS_1_2, true),
        (tls::Version::TLS_1_2, false),
        (tls::Version::TLS_1_3, true),
        (tls::Version::TLS_1_3, false),
    ] {
        let client = client(folder.path()).tls_version_min(version).tls_version_max(version);
        let client = if http1 { client.http1_only() } else { client };
        let client = client.build().unwrap();
        for body in [0, 300_000] {
            let request = client.post(url(&plane, "/api/x")).body(vec![b'u'; body]);
            let answer = request.send().await.unwrap();
            let expected = if http1 { Version::HTTP_11 } else { Version::HTTP_2 };
            assert_eq!((answer.status().as_u16(), answer.version()), (200, expected));
            let text = answer.text().await.unwrap();
            let said = format!("https {port} ");
            assert!(text.starts_with(&said), "{}", &text[..80]);
            assert!(text.ends_with(&format!(" {body} {}", "x".repeat(100_000))));
        }
    }
    // Nothing else is answered.
    let mut plain = plane.connect().await;
    plain.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn a_certificate_that_changes_is_used_and_a_broken_one_is_not() {
    let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    certificate(old.path());
    certificate(new.path());
    let files = tempfile::tempdir().unwrap();
    let put = |from: &Path, name: &str| {
        fs::copy(from.join(name), files.path().join(name)).unwrap();
    };
    put(old.path(), "cert.pem");
    put(old.path(), "key.pem");
    let service = Service::saying("here").await;
    let certificate = open(files.path()).unwrap();
    let plane = plane(&certificate, &service.url);
    let trusts = async |folder: &Path| {
        let client = client(folder).build().unwrap();
        client.get(url(&plane, "/api")).send().await.is_ok()
    };
    let kept = client(old.path()).build().unwrap();
    kept.get(url(&plane, "/api")).send().await.unwrap();
    assert!(trusts(old.path()).await && !trusts(new.path()).await);

    put(new.path(), "cert.pem");
    certificate.look();
    assert!(trusts(old.path()).await, "the key is not that of the certificate yet");
    fs::write(files.path().join("cert.pem"), "").unwrap();
    certificate.look();
    fs::remove_file(files.path().join("key.pem")).unwrap();
    certificate.look();
    assert!(trusts(old.path()).await && !trusts(new.path()).await);

    put(new.path(), "cert.pem");
    put(new.path(), "key.pem");
    certificate.look();
    assert!(trusts(new.path()).await && !trusts(old.path()).await);
    kept.get(url(&plane, "/api")).send().await.unwrap();
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn a_client_that_begins_no_handshake_is_let_go_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let service = Service::saying("here").await;
    let plane = plane(&open(folder.path()).unwrap(), &service.url);
    let mut silent = plane.connect().await;
    let client = client(folder.path()).build().unwrap();
    assert_eq!(client.get(url(&plane, "/api")).send().await.unwrap().status(), 200);
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0, "it is closed");
}

#[test]
#[ignore = "needs openssl"]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |part: &str| {
        let error = open(folder.path()).unwrap_err();
        assert!(error.contains(part), "{error}");
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    };
    refused("cert.pem: ");
    certificate(folder.path());
    let key = fs::read(folder.path().join("key.pem")).unwrap();
    certificate(folder.path());
    open(folder.path()).unwrap();
    fs::write(folder.path().join("key.pem"), key).unwrap();
    refused("key.pem: it is not the key of the certificate in ");
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    refused("key.pem: it has no private key in PEM form");
    fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    refused("cert.pem: it has no certificate in PEM form");
}
