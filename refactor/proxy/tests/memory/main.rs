//! What passes through the data plane does not stay in memory. A process of its own, so that no other test's
//! memory is measured.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../proxy/plane.rs"]
#[expect(dead_code, reason = "shared with the tests that need more of it")]
mod plane;
#[path = "../proxy/service.rs"]
#[expect(dead_code, reason = "shared with the tests that need more of it")]
mod service;
mod transfers;
#[path = "../proxy/zero_window.rs"]
mod zero_window;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use harness::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

use plane::{Plane, default, read_answer, route};
use service::{Service, next_request, ok};
use zero_window::{flood, zero_window};

/// The memory of this process that is in use, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Held by the test that runs: each measures the memory of the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// `.ci/long` opens 4,000: the process opens 16,000 files. Both other ends of each tunnel are in this process too, without memory of their own but for their sockets.
#[tokio::test]
async fn a_silent_tunnel_costs_less_than_6_kib() {
    let _alone = ALONE.lock().await;
    let tunnels = std::env::var("TUNNELS").map_or(500, |tunnels| tunnels.parse().unwrap());
    let ends = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&ends);
    let service = Service::serving(move |mut stream| {
        let kept = Arc::clone(&kept);
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let agreed = "HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
            stream.write_all(agreed.as_bytes()).await.unwrap();
            // A frame for which memory is needed for a moment.
            stream.write_all(&[&[0x82, 126, 0x10, 0][..], &[0; 4096]].concat()).await.unwrap();
            kept.lock().await.push(stream);
        }
    })
    .await;
    let settings = proxy::Settings { workers: 2, ..Default::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let open = async |count: usize| {
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = plane.connect().await;
            let head = "GET /api HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\
                        Upgrade: websocket\r\n\r\n";
            client.write_all(head.as_bytes()).await.unwrap();
            let mut read = Vec::new();
            while !read.ends_with(&[0; 4096]) {
                assert!(client.read_buf(&mut read).await.unwrap() > 0);
            }
            clients.push(client);
        }
        clients
    };
    // What is there once for all of them.
    let first = open(50).await;
    let before = resident_kib();
    let clients = open(tunnels).await;
    let grown = resident_kib().saturating_sub(before);
    assert_eq!((clients.len(), ends.lock().await.len()), (tunnels, tunnels + first.len()));
    assert!(grown < 6 * tunnels as u64, "{grown} KiB more for {tunnels} tunnels");
}

/// `.ci/long` has 8,600 streams. The ceiling is the one that SECURITY.md states.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_no_client_takes_stay_below_their_ceiling() {
    const CEILING_KIB: u64 = 256 * 1024;
    let _alone = ALONE.lock().await;
    let answered = Arc::new(AtomicU64::new(0));
    let (counted, answer) = (Arc::clone(&answered), Arc::new(ok(&"x".repeat(60_000))));
    let service = Service::serving(move |mut stream| {
        let (answered, answer) = (Arc::clone(&counted), Arc::clone(&answer));
        async move {
            let mut read = Vec::new();
            while next_request(&mut stream, &mut read).await.is_some() {
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
                answered.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let before = resident_kib();
    let (connections, streams) = flood();
    let mut hostile = Vec::new();
    for _ in 0..connections {
        hostile.push(zero_window(&plane, "127.0.0.1", streams).await);
    }
    let most = (connections as u64 * u64::from(streams)).min(1_000);
    until("the flood is there", async || answered.load(Ordering::SeqCst) >= most).await;
    let grown = resident_kib().saturating_sub(before);
    println!("{grown} KiB for {connections} connections of {streams} streams");
    assert!(grown < CEILING_KIB, "{grown} KiB more");
}

/// Sends reads that are all mirrored: a body that is compared, one that is too large for it, one that differs.
async fn mirror(reads: usize) {
    let _alone = ALONE.lock().await;
    const CLIENTS: usize = 8;
    let serve = |at: &'static str| {
        move |request: &service::Request| match request.line() {
            line if line.contains("large") => ok(&"x".repeat(400_000)),
            line if line.contains("differs") => ok(&at.repeat(1_000)),
            _ => ok("the same"),
        }
    };
    let (old, new) = (Mirrored::start(serve("old")).await, Mirrored::start(serve("new")).await);
    let tags = [("banyan:canary", "0"), ("banyan:shadow", "100")];
    let mut shown = route("rte-users", "/users", &new.url);
    shown.tags = tags.map(|(tag, value)| (tag.to_owned(), value.to_owned())).into();
    let plane = Arc::new(Plane::start(vec![default(&old.url), shown]));
    let send = async |reads: usize| {
        let clients = (0..CLIENTS).map(|_| {
            let plane = Arc::clone(&plane);
            tokio::spawn(async move {
                let mut stream = plane.connect().await;
                for n in 0..reads / CLIENTS {
                    let path = match n % 100 {
                        0 => "large",
                        1 => "differs",
                        _ => "same",
                    };
                    let head = format!("GET /api/users/{path} HTTP/1.1\r\nHost: x\r\n\r\n");
                    stream.write_all(head.as_bytes()).await.unwrap();
                    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    };
    // What is kept is bounded: it is all there after a while, and then nothing more comes.
    send(reads / 4).await;
    let before = resident_kib();
    send(reads - reads / 4).await;
    let grown = resident_kib().saturating_sub(before);
    let counted = old.count.load(Ordering::SeqCst) + new.count.load(Ordering::SeqCst);
    assert_eq!(counted, reads as u64, "each client's read was answered by one side, once");
    assert!(grown < 30_000, "{grown} KiB more than the {before} KiB after a quarter of them");
}

/// A service that counts its requests, and does not keep them.
struct Mirrored {
    url: String,
    count: Arc<AtomicU64>,
    _service: Service,
}

impl Mirrored {
    async fn start(answer: impl Fn(&service::Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let count = Arc::new(AtomicU64::new(0));
        let (counted, answer) = (Arc::clone(&count), Arc::new(answer));
        let service = Service::serving(move |mut stream| {
            let (count, answer) = (Arc::clone(&counted), Arc::clone(&answer));
            async move {
                let mut read = Vec::new();
                while let Some(request) = next_request(&mut stream, &mut read).await {
                    if request.field("x-banyan-shadow").is_none() {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    if stream.write_all(&answer(&request)).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        Self { url: service.url.clone(), count, _service: service }
    }
}

/// `.ci/long` sends a million, which takes minutes.
#[tokio::test(flavor = "multi_thread")]
async fn mirrored_reads_do_not_stay_in_memory() {
    let reads = std::env::var("MIRRORED_READS").map_or(16_000, |reads| reads.parse().unwrap());
    mirror(reads).await;
}
