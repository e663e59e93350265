//! Services and clients that say nothing for a while. The clock jumps, as in the tests above.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use super::{at_once, connected_to, read_at_once, read_to_end};
use crate::limits::{BODY_TIME, Patience};

const GET: &[u8] = b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
const PLAIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

/// Takes a request without a body.
async fn take(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0);
    }
}

/// What a client gets from a service that sends these parts, each after its time.
async fn answer(parts: [(Duration, &'static str); 2]) -> String {
    let asked = Arc::new(AtomicBool::new(false));
    let heard = Arc::new(Mutex::new((String::new(), false)));
    let (takes, hears) = (Arc::clone(&asked), Arc::clone(&heard));
    let (mut client, _served) = connected_to(move |mut stream| async move {
        take(&mut stream).await;
        takes.store(true, Ordering::SeqCst);
        for (time, part) in parts {
            sleep(time).await;
            // The proxy may have given up.
            let _ = stream.write_all(part.as_bytes()).await;
            let begins = part.get(..8).unwrap_or(part);
            at_once(|| {
                let (heard, ended) = &*hears.lock().unwrap();
                heard.contains(begins) || *ended
            })
            .await;
        }
    })
    .await;
    client.write_all(GET).await.unwrap();
    at_once(|| asked.load(Ordering::SeqCst)).await;
    let mut part = [0; 4096];
    while let count @ 1.. = client.read(&mut part).await.unwrap() {
        heard.lock().unwrap().0.push_str(std::str::from_utf8(&part[..count]).unwrap());
    }
    let mut heard = heard.lock().unwrap();
    heard.1 = true;
    heard.0.clone()
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_begin_after_40_s() {
    let parts = [(Duration::from_secs(40), PLAIN), (Duration::ZERO, "late")];
    assert!(answer(parts).await.contains("4\r\nlate\r\n0\r\n\r\n"));
    let parts = [(Duration::from_secs(61), PLAIN), (Duration::ZERO, "late")];
    assert!(answer(parts).await.starts_with("HTTP/1.1 504"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_may_be_silent_for_longer_than_another_answer() {
    let Patience { idle, event_idle, .. } = Patience::default();
    let second = Duration::from_secs(1);
    for (head, silence, whole) in [
        (PLAIN, idle - second, true),
        (PLAIN, idle + second, false),
        (EVENTS, Duration::from_secs(70), true),
        (EVENTS, event_idle - second, true),
        (EVENTS, event_idle + second, false),
    ] {
        let answer = answer([(Duration::ZERO, head), (silence, "data: late\n\n")]).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(answer.ends_with("data: late\n\n\r\n0\r\n\r\n"), whole, "{head} {silence:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_ends_with_its_client() {
    let left = Arc::new(AtomicBool::new(false));
    let leaves = Arc::clone(&left);
    let (mut client, served) = connected_to(move |mut stream| async move {
        take(&mut stream).await;
        stream.write_all(format!("{EVENTS}data: 1\n\n").as_bytes()).await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        leaves.store(true, Ordering::SeqCst);
    })
    .await;
    client.write_all(GET).await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"data: 1\n\n\r\n") {
        read.extend(read_at_once(&client, 1).await);
    }
    drop(client);
    at_once(|| served.is_finished() && left.load(Ordering::SeqCst)).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_may_take_longer_than_two_minutes_unless_it_drips() {
    for (size, seconds, status) in [(2_000, 4 * BODY_TIME.as_secs(), "200"), (10, 300, "408")] {
        let (mut client, _served) = connected_to(|mut stream| async move {
            let mut read = Vec::new();
            while !read.ends_with(b"0\r\n\r\n") {
                if stream.read_buf(&mut read).await.unwrap() == 0 {
                    return;
                }
                read.drain(..read.len().saturating_sub(5));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        })
        .await;
        let head = "POST /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        client.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("{size:x}\r\n{}\r\n", "x".repeat(size));
        for _ in 0..seconds {
            // The proxy may have given up.
            let _ = client.write_all(chunk.as_bytes()).await;
            sleep(Duration::from_secs(1)).await;
        }
        let _ = client.write_all(b"0\r\n\r\n").await;
        let answer = read_to_end(client).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}
