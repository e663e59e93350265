//! Clients that hold a connection without using it. The clock stands still, and jumps to the next timer when no task
//! can run.

use std::sync::Arc;

use public_urls::Origin;
use routes::Route;
use runtime::Crowd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};
use url::Url;

use super::serve;
use crate::copies::Shadows;
use crate::kept::Budget;
use crate::limits::{BODY_PAUSE, HEAD_TIME, IDLE_TIME, TAKE_TIME};
use crate::metrics::{Metrics, RouteLabels};
use crate::ownership::SharedOwnership;
use crate::route_limits::RouteLimits;
use crate::settings::Settings;
use crate::site::{Shared, Site};
use crate::target::{RouteTable, RouteTarget};
use crate::upstream::Upstreams;

mod silence;
mod tunnels;

/// A client and the task that serves it, with one default route whose service takes everything and says nothing.
async fn connected() -> (TcpStream, JoinHandle<()>) {
    connected_to(|mut stream| async move {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

/// The same with a service that does this with its one connection.
async fn connected_to<F: Future<Output = ()> + Send>(
    serving: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (TcpStream, JoinHandle<()>) {
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = site(format!("http://{}", service.local_addr().unwrap()).parse().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    tokio::spawn(async move { serving(service.accept().await.unwrap().0).await });
    (client, tokio::spawn(serve(stream, peer, site, 0)))
}

/// A site with one default route, to this URL.
pub(crate) fn site(url: Url) -> Arc<Site> {
    let settings = Settings { workers: 1, ..Settings::default() };
    let patience = settings.patience;
    let shared = Shared {
        settings,
        metrics: Metrics::new(),
        shadows: Shadows::start().unwrap(),
        ownership: SharedOwnership::new(false, false),
        crowd: Arc::new(Crowd::new(1)),
        ahead: Budget::new(0),
        turns: Arc::new([]),
        tunnels: Arc::new(Crowd::new(1)),
        pseudonym: "refactor-test".to_owned(),
    };
    let labels =
        RouteLabels { application: String::new(), route: String::new(), service: String::new() };
    let counts = shared.metrics.counts(labels);
    let route = Route {
        id: "rte-0000000000".to_owned(),
        source: None,
        upstream: url,
        service: "posts".to_owned(),
        active: true,
        tags: Default::default(),
    };
    let limits = RouteLimits::tagged(&shared.settings, &route.tags);
    let upstream = Upstreams::new(1).get(Origin::of(&route.upstream).unwrap(), None);
    let target =
        Arc::new(RouteTarget::new(route, upstream, patience, limits, None, Arc::clone(&counts)));
    Arc::new(Site::new(
        Arc::new(shared),
        "api".to_owned(),
        ([127, 0, 0, 1], 80).into(),
        RouteTable::new([target]),
        Arc::default(),
        counts,
    ))
}

/// Waits for a condition without waiting for anything else: the clock stands still meanwhile. What is on its way
/// between two sockets is not seen by the clock, which would jump.
async fn at_once(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// Reads so many bytes while the clock stands still.
async fn read_at_once(client: &TcpStream, count: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < count {
        let mut part = vec![0; count - read.len()];
        match client.try_read(&mut part) {
            Ok(0) => panic!("the connection ended after {}", read.escape_ascii()),
            Ok(more) => read.extend_from_slice(&part[..more]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    read
}

async fn read_to_end(mut client: TcpStream) -> String {
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_without_a_word() {
    let start = Instant::now();
    let (client, served) = connected().await;
    assert_eq!(read_to_end(client).await, "");
    served.await.unwrap();
    assert!((IDLE_TIME..IDLE_TIME + Duration::from_secs(2)).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn lines_too_many_hold_no_connection_beyond_the_time_for_idle_ones() {
    let start = Instant::now();
    let (mut client, served) = connected().await;
    while !served.is_finished() && start.elapsed() < 2 * IDLE_TIME {
        // What is closed already takes no more.
        let _ = client.write_all(b"\r\n").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    served.await.unwrap();
    assert!(start.elapsed() < IDLE_TIME + Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn lines_too_many_that_come_without_a_pause_end_their_connection() {
    let (mut client, served) = connected().await;
    let lines = b"\r\n".repeat(1_000);
    // Until the other side closes it: the clock does not help while there is always something to read.
    timeout(2 * IDLE_TIME, async { while client.write_all(&lines).await.is_ok() {} })
        .await
        .unwrap();
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_is_408_however_steadily_it_drips() {
    let (mut client, served) = connected().await;
    let start = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nHost: a-long-name" {
        client.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if served.is_finished() {
            break;
        }
    }
    assert!(start.elapsed() < HEAD_TIME + Duration::from_secs(3), "{:?}", start.elapsed());
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_408() {
    let (mut client, served) = connected().await;
    let start = Instant::now();
    let head = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab";
    client.write_all(head).await.unwrap();
    let answer = read_to_end(client).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    served.await.unwrap();
    assert!(start.elapsed() < BODY_PAUSE + Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answers_is_let_go() {
    let (mut client, served) = connected().await;
    let start = Instant::now();
    // Answers are written until the sockets are full; then nothing more is read either.
    let many = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    while timeout(TAKE_TIME * 2, client.write_all(&many)).await.is_ok_and(|sent| sent.is_ok()) {}
    served.await.unwrap();
    assert!(start.elapsed() < TAKE_TIME * 2, "{:?}", start.elapsed());
}
