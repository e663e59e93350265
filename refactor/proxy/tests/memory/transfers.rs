//! Large bodies pass through in little memory, both ways. `.ci/long` sends 1,024 MiB each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use harness::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ALONE;
use super::plane::{Plane, default, read_answer, route, status};
use super::service::{Service, next_request, ok};

const PART: usize = 1 << 20;
/// How much more memory the process may use at once while bodies pass through, in KiB. Client and service are in it too.
const MORE_KIB: u64 = 32 * 1024;

/// How many parts a body has.
fn parts() -> usize {
    std::env::var("BODY_MIB").map_or(256, |parts| parts.parse().unwrap())
}

/// The most memory that this process used at once since [`forget_peak`], in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Lets the peak begin anew (proc(5), clear_refs).
fn forget_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak_kib()
}

/// Takes bodies with a length or in chunks, keeps nothing of them, and answers how many bytes they had.
async fn sink() -> Service {
    Service::serving(|mut stream| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).map(|rest| rest.lines().next().unwrap());
        let length = length.map(|length| length.parse::<u64>().unwrap());
        let (mut part, mut count, mut end) = (vec![0; PART], 0, Vec::new());
        while length != Some(count) && !end.ends_with(b"0\r\n\r\n") {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "the body broke off after {count} bytes");
            count += read as u64;
            end.extend_from_slice(&part[read.saturating_sub(5)..read]);
            end.drain(..end.len().saturating_sub(5));
        }
        stream.write_all(&ok(&count.to_string())).await.unwrap();
    })
    .await
}

/// Sends a body of so many parts; how many bytes its service counted, with what frames them.
async fn upload(stream: &mut TcpStream, chunked: bool, parts: usize) -> u64 {
    let framing = match chunked {
        true => "Transfer-Encoding: chunked".to_owned(),
        false => format!("Content-Length: {}", parts * PART),
    };
    let head = format!("POST /api/users HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let part = vec![b'x'; PART];
    for _ in 0..parts {
        if chunked {
            stream.write_all(format!("{PART:x}\r\n").as_bytes()).await.unwrap();
        }
        stream.write_all(&part).await.unwrap();
        if chunked {
            stream.write_all(b"\r\n").await.unwrap();
        }
    }
    if chunked {
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    }
    let answer = read_answer(stream).await;
    assert_eq!(status(&answer), 200, "{answer}");
    answer.rsplit("\r\n").next().unwrap().parse().unwrap()
}

async fn upload_both_ways(plane: &Plane) {
    let size = (parts() * PART) as u64;
    // What is there once.
    upload(&mut plane.connect().await, false, 4).await;
    for chunked in [false, true] {
        let before = forget_peak();
        let count = upload(&mut plane.connect().await, chunked, parts()).await;
        let grown = peak_kib().saturating_sub(before);
        println!("{grown} KiB more for {size} bytes, chunked: {chunked}");
        assert!(count >= size && chunked == (count > size), "{count} of {size}");
        assert!(grown < MORE_KIB, "{grown} KiB more for {size} bytes, chunked: {chunked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_is_streamed_in_little_memory() {
    let _alone = ALONE.lock().await;
    let service = sink().await;
    upload_both_ways(&Plane::start(vec![default(&service.url)])).await;
}

/// Of a write that may have to be sent to another service, 10 MiB are kept; it passes all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_write_to_a_collection_that_moves_is_streamed_in_little_memory() {
    let _alone = ALONE.lock().await;
    let (old, new) = (sink().await, sink().await);
    upload_both_ways(&Plane::start(vec![
        default(&old.url),
        route("rte-users", "/users", &new.url),
    ]))
    .await;
}

#[tokio::test]
async fn a_large_answer_is_streamed_in_little_memory() {
    let _alone = ALONE.lock().await;
    let size = (parts() * PART) as u64;
    let written = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&written);
    let service = Service::serving(move |mut stream| {
        let written = Arc::clone(&counted);
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let part = vec![b'x'; PART];
            for _ in 0..size / PART as u64 {
                if stream.write_all(&part).await.is_err() {
                    return;
                }
                written.fetch_add(PART as u64, Ordering::SeqCst);
            }
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut stream = plane.connect().await;
    stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let before = forget_peak();
    // A client that does not read holds the service back.
    let last = AtomicU64::new(u64::MAX);
    until("the service waits", async || {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let now = written.load(Ordering::SeqCst);
        last.swap(now, Ordering::SeqCst) == now
    })
    .await;
    let last = last.into_inner();
    assert!(last < 64 << 20, "{last} bytes are on their way");
    let mut part = vec![0; PART];
    let mut read = 0;
    while let count @ 1.. = stream.read(&mut part).await.unwrap() as u64 {
        read += count;
    }
    assert!((size..size + 1000).contains(&read), "{read}");
    let grown = peak_kib().saturating_sub(before);
    assert!(grown < MORE_KIB, "{grown} KiB more");
}
