//! Tunnels that are silent. The clock jumps, as in the tests above.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep};

use super::{connected_to, read_at_once};
use crate::limits::{CLOSE_TIME, Patience};

/// The close frame that says that its sender goes away.
const GOING_AWAY: &[u8] = &[0x88, 2, 0x03, 0xe9];

/// A tunnel, whose service says `said` and then all that it hears.
async fn tunnel(protocol: &str, said: &'static [u8]) -> (TcpStream, JoinHandle<()>) {
    let agreed = format!("HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n");
    let (mut client, served) = connected_to(move |mut stream| async move {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut read).await.unwrap() > 0);
        }
        stream.write_all(&[agreed.as_bytes(), said].concat()).await.unwrap();
        let (mut hears, mut says) = stream.split();
        let _ = tokio::io::copy(&mut hears, &mut says).await;
    })
    .await;
    let head = format!(
        "GET /api HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.extend(read_at_once(&client, 1).await);
    }
    (client, served)
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_silent_for_too_long_is_told_to_go() {
    let idle = Patience::default().tunnel_idle;
    let (mut client, served) = tunnel("websocket", b"").await;
    for _ in 0..3 {
        sleep(idle - Duration::from_secs(1)).await;
        client.write_all(b"\x81\x00").await.unwrap();
        assert_eq!(read_at_once(&client, 2).await, b"\x81\x00");
    }
    let start = Instant::now();
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, GOING_AWAY);
    served.await.unwrap();
    let least = idle + CLOSE_TIME;
    let elapsed = start.elapsed();
    assert!((least..least + Duration::from_secs(2)).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn another_protocol_that_is_silent_for_too_long_ends_without_a_word() {
    let idle = Patience::default().tunnel_idle;
    let (mut client, served) = tunnel("tcp", b"x").await;
    let start = Instant::now();
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"x");
    served.await.unwrap();
    assert!((idle..idle + Duration::from_secs(2)).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_stops_in_its_middle_is_not_waited_for_for_ever() {
    let idle = Patience::default().tunnel_idle;
    let (mut client, served) = tunnel("websocket", b"\x81\x05hel").await;
    let start = Instant::now();
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"\x81\x05hel", "no other frame within it");
    served.await.unwrap();
    assert!(start.elapsed() < idle + CLOSE_TIME + Duration::from_secs(2));
}
