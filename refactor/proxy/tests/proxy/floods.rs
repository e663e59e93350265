//! Clients that take what they can and give nothing: services and other clients notice little of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::until;
use proxy::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;

use crate::plane::{Plane, default, field, read_answer, route, status};
use crate::service::{Service, next_request, ok};
use crate::zero_window::{connect_from, flood, window, zero_window};

/// A service that takes so many connections at once, as a full server does; and how many requests it answered.
async fn limited(most: usize, bytes: usize) -> (Service, Arc<AtomicUsize>) {
    let places = Arc::new(Semaphore::new(most));
    let (answered, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(ok(&"x".repeat(bytes))));
    let counted = Arc::clone(&answered);
    let service = Service::serving(move |mut stream| {
        let (places, answer) = (Arc::clone(&places), Arc::clone(&answer));
        let answered = Arc::clone(&counted);
        async move {
            let _place = places.acquire_owned().await.unwrap();
            let mut read = Vec::new();
            while next_request(&mut stream, &mut read).await.is_some() {
                answered.fetch_add(1, Ordering::SeqCst);
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (service, answered)
}

/// Reads an answer of any size, which is 200.
async fn skip_answer(stream: &mut TcpStream) {
    let mut read = Vec::new();
    let end = loop {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0);
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&read[..end]);
    assert_eq!(status(&head), 200, "{head}");
    let length: usize = field(&head, "content-length").unwrap().parse().unwrap();
    let left = (length + end - read.len()) as u64;
    let skipped = tokio::io::copy(&mut stream.take(left), &mut tokio::io::sink()).await.unwrap();
    assert_eq!(skipped, left);
}

/// The times of 200 reads on a connection of their own, in order.
async fn reads(plane: &Plane, from: &str) -> Vec<Duration> {
    let mut stream = connect_from(plane, from).await;
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        stream.write_all(b"GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        skip_answer(&mut stream).await;
        times.push(start.elapsed());
    }
    times.sort();
    times
}

/// Floods the plane from one address, and reads from another meanwhile.
async fn flooded(plane: &Plane, started: impl Fn() -> bool) {
    let calm = reads(plane, "127.0.0.2").await[197];
    let (connections, streams) = flood();
    let mut hostile = Vec::new();
    for _ in 0..connections {
        hostile.push(zero_window(plane, "127.0.0.1", streams).await);
    }
    until("the flood is there", async || started()).await;
    // While the flood comes in, all share the processor; what counts is what it holds afterwards.
    let mut during = Duration::MAX;
    for _ in 0..5 {
        during = during.min(reads(plane, "127.0.0.2").await[197]);
    }
    println!("p99 of a read: {calm:?} calm, {during:?} in the flood");
    if std::env::var_os("FLOOD_CONNECTIONS").is_some() {
        assert!(during < 3 * calm, "p99 of a read: {calm:?} calm, {during:?} in the flood");
    }
    drop(hostile);
    until("all is free again", async || in_flight(plane) == 0.0).await;
    reads(plane, "127.0.0.1").await;
}

/// Reads of a client, in order: how long they took, and how many requests of a flood the flooded service got meanwhile.
struct Reads {
    times: Vec<Duration>,
    met: Vec<usize>,
}

impl Reads {
    fn sorted(reads: Vec<(Duration, usize)>) -> Self {
        let (mut times, mut met): (Vec<_>, Vec<_>) = reads.into_iter().unzip();
        times.sort();
        met.sort();
        Self { times, met }
    }

    fn p99(&self) -> Duration {
        self.times[self.times.len() * 99 / 100]
    }
}

/// Reads until it is told to stop.
async fn keep_reading(
    plane: Arc<Plane>,
    answered: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) -> Vec<(Duration, usize)> {
    let mut stream = connect_from(&plane, "127.0.0.2").await;
    let mut reads = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let (start, before) = (Instant::now(), answered.load(Ordering::SeqCst));
        stream.write_all(b"GET /api/quiet HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        skip_answer(&mut stream).await;
        reads.push((start.elapsed(), answered.load(Ordering::SeqCst) - before));
    }
    reads
}

/// What reads of another client met while one client sent 100 small requests on each of many connections. First those
/// through a plane of their own, then those through the flooded one. All else is the same for both: the machine, what the
/// flood costs it, and a thread for the client that reads and its service.
async fn reads_in_small_floods(settings: impl Fn() -> Settings) -> [Reads; 2] {
    let apart = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (quiet, _) = apart.spawn(limited(1_000, 104)).await.unwrap();
    let (service, answered) = limited(1_000, 104).await;
    let planes = [(); 2].map(|()| {
        let routes = vec![default(&service.url), route("rte-quiet00000", "/quiet", &quiet.url)];
        Arc::new(Plane::with(settings(), routes))
    });
    let flooded = &planes[1];
    let (connections, streams) = flood();
    let mut found = [vec![], vec![]];
    for _ in 0..5 {
        for (plane, found) in planes.iter().zip(&mut found) {
            let all = answered.load(Ordering::SeqCst) + connections * streams as usize;
            let stop = Arc::new(AtomicBool::new(false));
            let reading = keep_reading(Arc::clone(plane), Arc::clone(&answered), Arc::clone(&stop));
            let reading = apart.spawn(reading);
            let mut hostile = Vec::new();
            for _ in 0..connections {
                let mut stream = window(flooded, "127.0.0.1", streams, 65_535).await;
                // It takes all answers.
                hostile.push(tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                }));
            }
            let start = Instant::now();
            // Some of a large flood find no place within a second.
            while answered.load(Ordering::SeqCst) < all && start.elapsed().as_secs() < 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            stop.store(true, Ordering::SeqCst);
            found.extend(reading.await.unwrap());
            hostile.iter().for_each(|hostile| hostile.abort());
            until("all is free again", async || in_flight(flooded) == 0.0).await;
        }
    }
    apart.shutdown_background();
    found.map(Reads::sorted)
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_answered_while_one_client_sends_many_small_requests() {
    let settings = || Settings { workers: 1, ..Settings::default() };
    let [calm, during] = reads_in_small_floods(settings).await;
    let middle = during.met[during.met.len() / 2];
    println!(
        "p99 of a read: {:?} beside the flood ({} reads), {:?} in it ({} reads, of which one met {middle} requests)",
        calm.p99(),
        calm.times.len(),
        during.p99(),
        during.times.len(),
    );
    // Without turns half of them: whatever came before.
    let (connections, streams) = flood();
    let all = connections * streams as usize;
    assert!(middle < all / 8, "a read waits for {middle} of {all} requests");
}

fn in_flight(plane: &Plane) -> f64 {
    plane.metric(
        r#"refactor_requests_in_flight{application="app-0123456789",route="rte-default000",service="monolith"}"#,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn small_answers_that_no_client_takes_hold_no_connection_to_their_service() {
    let (service, answered) = limited(100, 104).await;
    let settings = Settings { workers: 2, upstream_connections: 100, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    // More than there are places: those that wait for too long are told so.
    flooded(&plane, || answered.load(Ordering::SeqCst) >= 200 + 120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_that_no_client_takes_leave_connections_for_others() {
    let (service, answered) = limited(100, 200_000).await;
    let settings = Settings { workers: 2, upstream_connections: 100, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    // A quarter of the places is not counted, and three quarters of the others are a client's share.
    flooded(&plane, || answered.load(Ordering::SeqCst) >= 200 + 75).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_finds_no_place_at_its_service_is_503() {
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let service = Service::serving(move |mut stream| {
        let mut wait = wait.clone();
        async move {
            let mut read = Vec::new();
            while next_request(&mut stream, &mut read).await.is_some() {
                wait.wait_for(|go_on| *go_on).await.unwrap();
                stream.write_all(&ok("hello")).await.unwrap();
            }
        }
    })
    .await;
    let mut route = default(&service.url);
    route.tags = BTreeMap::from([("banyan:connections".to_owned(), "1".to_owned())]);
    let plane = Plane::start(vec![route]);
    let first =
        tokio::spawn(plane.send_on("GET /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    until("it is under way", async || in_flight(&plane) == 1.0).await;
    let answer = plane.get("/api/x", "").await;
    assert_eq!(status(&answer), 503, "{answer}");
    assert_eq!(field(&answer, "retry-after"), Some("1"));
    assert!(answer.contains("banyan:connections") && answer.contains("not sent"), "{answer}");
    let waits =
        tokio::spawn(plane.send_on("GET /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    go_on.send(true).unwrap();
    assert_eq!(status(&first.await.unwrap()), 200);
    assert_eq!(status(&waits.await.unwrap()), 200, "it got the place of the first");
}

#[tokio::test]
async fn an_answer_that_no_client_takes_is_cut_when_another_request_needs_its_place() {
    let (service, answered) = limited(1, 200_000).await;
    let mut route = default(&service.url);
    route.tags = BTreeMap::from([("banyan:connections".to_owned(), "1".to_owned())]);
    let plane = Plane::start(vec![route]);
    let _hostile = zero_window(&plane, "127.0.0.1", 1).await;
    until("it has the place", async || answered.load(Ordering::SeqCst) == 1).await;
    until("another gets it", async || status(&plane.get("/api/x", "").await) == 200).await;
}

#[tokio::test]
async fn one_address_does_not_get_all_connections() {
    let service = Service::saying("hello").await;
    let settings = Settings { workers: 1, connections: 8, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let mut open = Vec::new();
    for _ in 0..6 {
        let mut stream = connect_from(&plane, "127.0.0.1").await;
        stream.write_all(b"GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(status(&read_answer(&mut stream).await), 200);
        open.push(stream);
    }
    let mut refused = connect_from(&plane, "127.0.0.1").await;
    assert_eq!(refused.read(&mut [0]).await.unwrap(), 0, "its address has its share");
    reads(&plane, "127.0.0.2").await;
    open.pop();
    until("a place is free", async || plane.metric("refactor_connections") == 5.0).await;
    reads(&plane, "127.0.0.1").await;
}

#[tokio::test]
async fn a_stream_beyond_the_share_of_its_address_is_refused_and_may_be_sent_again() {
    let service = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
        std::future::pending().await
    })
    .await;
    let settings = Settings { workers: 1, connections: 8, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let mut stream = zero_window(&plane, "127.0.0.1", 20).await;
    // The first frame of each refused stream is RST_STREAM with REFUSED_STREAM (RFC 9113, 6.4 and 7).
    let mut refused = 0;
    while refused < 15 {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut frame = vec![0; length as usize];
        stream.read_exact(&mut frame).await.unwrap();
        if head[3] == 3 {
            assert_eq!(frame, [0, 0, 0, 7]);
            refused += 1;
        }
    }
    until("five are under way", async || in_flight(&plane) == 5.0).await;
}
