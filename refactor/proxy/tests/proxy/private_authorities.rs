//! Services whose certificates come from an authority of their own: the whole data plane asks that one, and no other.

use std::fs;
use std::path::Path;

use harness::{TestAuthority, until};
use proxy::{PrivateAuthorities, Route, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::canary::tagged;
use crate::plane::{Plane, body, default, route, status};
use crate::service::{Service, next_request};

const SHOP: (&str, &str) = ("banyan:ca", "shop");

/// A folder in which `shop` is this authority.
fn folder(authority: &TestAuthority) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "shop", &authority.pem());
    folder
}

fn put(folder: &Path, name: &str, pem: &str) {
    // Another file takes the place of the one that is there, as programs that renew certificates do it.
    let new = folder.join("new");
    fs::write(&new, pem).unwrap();
    fs::rename(new, folder.join(format!("{name}.pem"))).unwrap();
}

fn plane(folder: &Path, routes: Vec<Route>) -> Plane {
    let authorities = PrivateAuthorities::open(folder).unwrap();
    Plane::with(Settings { workers: 1, authorities, ..Settings::default() }, routes)
}

/// The URL of a service with a certificate of this authority.
async fn behind(authority: &TestAuthority, service: &Service) -> String {
    let address = service.url.strip_prefix("http://").unwrap().parse().unwrap();
    let port = authority.certificate("127.0.0.1").in_front_of(address).await;
    format!("https://127.0.0.1:{port}")
}

fn refused(answer: &str) {
    assert_eq!(status(answer), 502, "{answer}");
    assert!(body(answer).contains("has a certificate that is not accepted"), "{answer}");
    assert!(body(answer).contains("the service monolith"), "{answer}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_of_another_name_or_that_expired_is_refused() {
    let (shop, other) = (TestAuthority::new(), TestAuthority::new());
    let folder = folder(&shop);
    let service = Service::saying("here").await;
    let address = service.url.strip_prefix("http://").unwrap().parse().unwrap();
    for (certificate, is_accepted) in [
        (shop.certificate("127.0.0.1"), true),
        (other.certificate("127.0.0.1"), false),
        (shop.certificate("shop.example"), false),
        (shop.expired("127.0.0.1"), false),
    ] {
        let port = certificate.in_front_of(address).await;
        let route = default(&format!("https://127.0.0.1:{port}"));
        let answer = plane(folder.path(), vec![tagged(route, &[SHOP])]).get("/api", "").await;
        if is_accepted {
            assert_eq!((status(&answer), body(&answer)), (200, "here"));
        } else {
            refused(&answer);
        }
    }
    assert_eq!(service.count(), 1, "those that are refused get no request");
}

#[tokio::test]
async fn a_connection_is_never_used_under_another_authority() {
    let (shop, other) = (TestAuthority::new(), TestAuthority::new());
    let folder = folder(&shop);
    put(folder.path(), "other", &other.pem());
    let service = Service::saying("here").await;
    let url = behind(&shop, &service).await;
    let ask = async |plane: &Plane| plane.get("/api", "").await;
    let plane = plane(folder.path(), vec![tagged(default(&url), &[SHOP])]);
    assert_eq!(status(&ask(&plane).await), 200);
    // A connection of the first authority is idle all the time.
    plane.set(vec![tagged(default(&url), &[("banyan:ca", "other")])]);
    refused(&ask(&plane).await);
    plane.set(vec![default(&url)]);
    refused(&ask(&plane).await);
    plane.set(vec![tagged(default(&url), &[("banyan:ca", "none")])]);
    assert_eq!(status(&ask(&plane).await), 502);
    plane.set(vec![tagged(default(&url), &[SHOP])]);
    assert_eq!(status(&ask(&plane).await), 200);
    assert_eq!(service.count(), 2);
    // The file changes while a connection is idle that the earlier one vouched for.
    put(folder.path(), "shop", &other.pem());
    plane.plane.authorities().pem("shop").unwrap();
    refused(&ask(&plane).await);
    // What cannot be read changes nothing.
    put(folder.path(), "shop", "no certificate");
    plane.plane.authorities().pem("shop").unwrap();
    refused(&ask(&plane).await);
    put(folder.path(), "shop", &shop.pem());
    plane.plane.authorities().pem("shop").unwrap();
    assert_eq!(status(&ask(&plane).await), 200);
    // Without the file nothing vouches for the service.
    fs::remove_file(folder.path().join("shop.pem")).unwrap();
    let gone = plane.plane.authorities().pem("shop").unwrap_err();
    assert!(gone.contains("UPSTREAM_CA_DIR has no file") && gone.contains("shop.pem"), "{gone}");
    assert_eq!(status(&ask(&plane).await), 502);
    assert_eq!(service.count(), 3);
}

#[test]
fn a_file_that_could_not_be_used_is_read_again_though_it_looks_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let authorities = PrivateAuthorities::open(folder.path()).unwrap();
    let (pem, file) = (TestAuthority::new().pem(), folder.path().join("shop.pem"));
    fs::write(&file, "x".repeat(pem.len())).unwrap();
    let time = fs::metadata(&file).unwrap().modified().unwrap();
    authorities.pem("shop").unwrap_err();
    // The same file, with the same size and time.
    fs::write(&file, &pem).unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    assert_eq!(&*authorities.pem("shop").unwrap(), pem.as_bytes());
}

#[tokio::test]
async fn copies_and_tunnels_ask_the_same_authority() {
    let (shop, other) = (TestAuthority::new(), TestAuthority::new());
    let folder = folder(&shop);
    let old = Service::saying("here").await;
    let new = Service::serving(|mut stream| async move {
        let mut read = Vec::new();
        while let Some(request) = next_request(&mut stream, &mut read).await {
            let answer = if request.field("upgrade").is_some() {
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello".to_vec()
            } else {
                crate::service::ok("here")
            };
            stream.write_all(&answer).await.unwrap();
        }
    })
    .await;
    let url = behind(&shop, &new).await;
    let shadow = [SHOP, ("banyan:canary", "0"), ("banyan:shadow", "100")];
    let users = |url: &str, tags: &[(&str, &str)]| tagged(route("rte-u", "/users", url), tags);
    let plane = plane(folder.path(), vec![default(&old.url), users(&url, &shadow)]);
    assert_eq!(status(&plane.get("/api/users", "").await), 200);
    until("the copy is compared", async || plane.plane.shadows()[0].counts.equal == 1).await;
    let untrusted = behind(&other, &new).await;
    plane.set(vec![default(&old.url), users(&untrusted, &shadow)]);
    assert_eq!(status(&plane.get("/api/users", "").await), 200);
    until("the copy gets no answer", async || {
        plane.plane.shadows()[0].counts.not_compared.unanswered == 1
    })
    .await;
    let upgrade =
        "GET /api/users HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    for (url, expected) in [(&url, "HTTP/1.1 101 "), (&untrusted, "HTTP/1.1 502 ")] {
        plane.set(vec![default(&old.url), users(url, &[SHOP])]);
        let mut client = plane.connect().await;
        client.write_all(upgrade.as_bytes()).await.unwrap();
        let mut answer = vec![0; expected.len()];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, part: &str| {
        let error = PrivateAuthorities::open(folder.path()).unwrap_err();
        let file = folder.path().join(name).display().to_string();
        assert!(error.contains(&file) && error.contains(part), "{error}");
    };
    // Other files are of no concern.
    fs::write(folder.path().join("README"), "").unwrap();
    PrivateAuthorities::open(folder.path()).unwrap();
    for name in ["shop.example.pem", ".pem"] {
        fs::write(folder.path().join(name), TestAuthority::new().pem()).unwrap();
        refused(name, "letters, digits, - and _");
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("shop.pem"), "-----BEGIN NOTHING-----").unwrap();
    refused("shop.pem", "");
    fs::write(folder.path().join("shop.pem"), "").unwrap();
    refused("shop.pem", "it has no certificate in PEM form");
    let error = PrivateAuthorities::open(&folder.path().join("nowhere")).unwrap_err();
    assert!(error.contains("nowhere"), "{error}");
}
