//! What passes through the data plane does not stay in memory. A process of its own, so that no other test's
//! memory is measured.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../proxy/plane.rs"]
#[expect(dead_code, reason = "shared with the tests that need more of it")]
mod plane;
#[path = "../proxy/service.rs"]
#[expect(dead_code, reason = "shared with the tests that need more of it")]
mod service;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use harness::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use plane::{Plane, default};
use service::{Service, next_request};

/// The memory of this process that is in use, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn an_answer_of_a_gigabyte_is_streamed_in_little_memory() {
    const SIZE: u64 = 1 << 30;
    let written = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&written);
    let service = Service::serving(move |mut stream| {
        let written = Arc::clone(&counted);
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let part = vec![b'x'; 1 << 20];
            for _ in 0..SIZE / (1 << 20) {
                if stream.write_all(&part).await.is_err() {
                    return;
                }
                written.fetch_add(1 << 20, Ordering::SeqCst);
            }
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let before = resident_kib();
    // Who does not read holds the service back.
    let last = AtomicU64::new(u64::MAX);
    until("the service waits", async || {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let now = written.load(Ordering::SeqCst);
        last.swap(now, Ordering::SeqCst) == now
    })
    .await;
    let last = last.into_inner();
    assert!(last < 64 << 20, "{last} bytes are on their way");
    let mut part = vec![0; 1 << 20];
    let mut read = 0;
    while let count @ 1.. = stream.read(&mut part).await.unwrap() as u64 {
        read += count;
    }
    assert!((SIZE..SIZE + 1000).contains(&read), "{read}");
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 50_000, "{grown} KiB more");
}
