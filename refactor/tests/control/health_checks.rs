//! Health checks while traffic takes all that it may: they have a budget of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::{Program, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::{application, fallback, get, post, service, setup, uri_path};

/// How many connections the service serves at once; one more waits.
const SERVED: usize = 48;
/// How many of them traffic may have.
const TRAFFIC: &str = "40";

/// A service that never answers `/hang`, and how many such requests it has.
async fn hanging() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let (places, hangs) = (Arc::new(Semaphore::new(SERVED)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&hangs);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (places, hangs) = (Arc::clone(&places), Arc::clone(&counted));
            tokio::spawn(async move {
                let _place = places.acquire_owned().await.unwrap();
                let mut read = Vec::new();
                while !read.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                if String::from_utf8_lossy(&read).contains("/hang") {
                    hangs.fetch_add(1, Ordering::SeqCst);
                    // Its client leaves.
                    let _ = stream.read(&mut [0]).await;
                    return;
                }
                let answer =
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nalive";
                let _ = stream.write_all(answer).await;
            });
        }
    });
    (url, hangs)
}

/// Asks the application's port for `/hang` again and again, from one address.
async fn hang(port: u16, from: &'static str, stage: String) {
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        let Ok(mut stream) = socket.connect(([127, 0, 0, 1], port).into()).await else { continue };
        let head =
            format!("GET {stage}/hang HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

/// Asks an address for `/healthz`, which must be answered while the requests of the flood are not.
async fn check(address: &str) {
    let asked = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("alive"), "{address}: {answer}");
    };
    // A check that waits behind them waits for a minute.
    let answered = tokio::time::timeout(Duration::from_secs(30), asked).await;
    assert!(answered.is_ok(), "{address} does not answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_are_answered_whatever_traffic_takes() {
    let (url, hangs) = hanging().await;
    let program: Program = setup().env("UPSTREAM_CONNECTIONS", TRAFFIC).start().await;
    let application = application(&program).await;
    let id = service(&program, &application, &url).await;
    let routes = format!("{application}/routes");
    assert_eq!(post(&program, &routes, &fallback(&id)).await["State"], "ACTIVE");
    let proxy = get(&program, &application).await["ApiGatewayProxy"]["ProxyUrl"].clone();
    let proxy = reqwest::Url::parse(proxy.as_str().unwrap()).unwrap();
    let mut flood = JoinSet::new();
    for from in ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"] {
        for _ in 0..50 {
            flood.spawn(hang(proxy.port().unwrap(), from, proxy.path().to_owned()));
        }
    }
    // Only the last of the places may stay free, for a client that has none.
    until("traffic has its places", async || hangs.load(Ordering::SeqCst) >= 39).await;
    let direct = url.trim_start_matches("http://").trim_end_matches("/api");
    for _ in 0..20 {
        check(direct).await;
        check(program.address()).await;
    }
    // What the control plane asks of a service does not wait behind traffic either.
    let second = service(&program, &application, &format!("{url}/second")).await;
    let made = post(&program, &routes, &uri_path(&second, "/second", "ACTIVE")).await;
    assert_eq!(made["State"], "ACTIVE");
    assert!(hangs.load(Ordering::SeqCst) >= 39, "the flood is still there");
}
