//! WebSockets and other upgrades. The services and clients here write bytes, so that each is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::plane::{APPLICATION, Plane, body, default, field, read_answer, route, status};
use crate::service::{Request, Service, next_request, ok};
use crate::zero_window::connect_from;

const HANDSHAKE: &str = "GET /api/chat?room=1 HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\
                         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                         Sec-WebSocket-Protocol: chat, superchat\r\n\
                         Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: http://x\r\n\r\n";
const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                        Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                        Sec-WebSocket-Protocol: chat\r\n\r\n";
/// "hello" as a service sends it, and masked as a client does.
const HELLO: &[u8] = b"\x81\x05hello";
const MASKED: &[u8] = b"\x81\x85\0\0\0\0hello";
/// The close frame of the proxy, and that with which a client answers it.
const GOING_AWAY: &[u8] = &[0x88, 2, 0x03, 0xe9];
const MASKED_CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];

/// A service that agrees to each handshake, and gives out the connection with the request.
async fn agreeing() -> (Service, mpsc::UnboundedReceiver<(Request, TcpStream)>) {
    let (opened, connections) = mpsc::unbounded_channel();
    let service = Service::serving(move |mut stream| {
        let opened = opened.clone();
        async move {
            let Some(request) = next_request(&mut stream, &mut Vec::new()).await else { return };
            stream.write_all(AGREED).await.unwrap();
            opened.send((request, stream)).unwrap();
        }
    })
    .await;
    (service, connections)
}

/// The head of an answer; what follows it stays in the socket.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A tunnel: its client's end, and its service's.
async fn open(
    plane: &Plane,
    connections: &mut mpsc::UnboundedReceiver<(Request, TcpStream)>,
) -> (TcpStream, TcpStream) {
    let mut client = plane.connect().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    assert_eq!(status(&read_head(&mut client).await), 101);
    (client, connections.recv().await.unwrap().1)
}

async fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(read.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

async fn expect_end(stream: &mut TcpStream) {
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

fn metric(plane: &Plane, name: &str, more: &str) -> f64 {
    let route = r#"application="app-0123456789",route="rte-default000",service="monolith""#;
    plane.metric(&format!("{name}{{{route}{more}}}"))
}

#[tokio::test]
async fn a_handshake_passes_with_all_that_it_needs_and_both_sides_talk() {
    let (service, mut connections) = agreeing().await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut client = plane.connect().await;
    // A client may go on before it is answered.
    client.write_all(&[HANDSHAKE.as_bytes(), MASKED].concat()).await.unwrap();
    let answer = read_head(&mut client).await;
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
        ("content-length", ""),
        ("transfer-encoding", ""),
    ] {
        assert_eq!(field(&answer, name).unwrap_or_default(), value, "{name}");
    }
    let (request, mut stream) = connections.recv().await.unwrap();
    assert_eq!(request.line(), "GET /chat?room=1 HTTP/1.1");
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("origin", "http://x"),
    ] {
        assert_eq!(request.all(name), [value], "{name}");
    }
    expect(&mut stream, MASKED).await;
    stream.write_all(HELLO).await.unwrap();
    expect(&mut client, HELLO).await;
    assert_eq!(metric(&plane, "refactor_tunnels", ""), 1.0);
    client.write_all(MASKED_CLOSE).await.unwrap();
    expect(&mut stream, MASKED_CLOSE).await;
    drop(stream);
    expect_end(&mut client).await;
    drop(client);
    until("it is counted", async || metric(&plane, "refactor_tunnels", "") == 0.0).await;
    assert_eq!(metric(&plane, "refactor_tunnels_opened_total", ""), 1.0);
    assert_eq!(metric(&plane, "refactor_tunnels_ended_total", r#",why="service""#), 1.0);
    let up = (MASKED.len() + MASKED_CLOSE.len()) as f64;
    assert_eq!(metric(&plane, "refactor_tunnel_bytes_total", r#",direction="up""#), up);
    let down = HELLO.len() as f64;
    assert_eq!(metric(&plane, "refactor_tunnel_bytes_total", r#",direction="down""#), down);
    assert_eq!(metric(&plane, "refactor_requests_total", r#",class="1xx""#), 1.0);
}

#[tokio::test]
async fn what_a_service_says_with_its_answer_is_not_lost() {
    let service = Service::serving(|mut stream| async move {
        next_request(&mut stream, &mut Vec::new()).await;
        stream.write_all(&[AGREED, HELLO].concat()).await.unwrap();
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut client = plane.connect().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    read_head(&mut client).await;
    expect(&mut client, HELLO).await;
    expect_end(&mut client).await;
}

#[tokio::test]
async fn a_service_that_does_not_agree_answers_as_ever() {
    let service = Service::answering(|_| {
        b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno".into()
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut client = plane.connect().await;
    for _ in 0..3 {
        client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
        let answer = read_answer(&mut client).await;
        assert_eq!((status(&answer), body(&answer)), (426, "no"));
        assert_eq!(field(&answer, "connection"), None, "it goes on");
    }
    assert_eq!(metric(&plane, "refactor_tunnels_opened_total", ""), 0.0);
}

#[tokio::test]
async fn a_protocol_that_was_not_asked_for_is_502() {
    for answer in [
        "HTTP/1.1 101 No\r\n\r\n",
        "HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 No\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\n",
    ] {
        let service = Service::answering(|_| answer.as_bytes().to_vec()).await;
        let plane = Plane::start(vec![default(&service.url)]);
        let mut client = plane.connect().await;
        client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
        assert_eq!(status(&read_answer(&mut client).await), 502, "{answer}");
    }
}

#[tokio::test]
async fn another_protocol_passes_byte_by_byte_and_each_side_may_end_by_itself() {
    for client_first in [true, false] {
        let service = Service::serving(move |mut stream| async move {
            next_request(&mut stream, &mut Vec::new()).await;
            let agreed = b"HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n";
            stream.write_all(agreed).await.unwrap();
            let mut asked = Vec::new();
            if client_first {
                stream.read_to_end(&mut asked).await.unwrap();
                assert_eq!(asked, b"question");
                stream.write_all(b"answer").await.unwrap();
            } else {
                stream.write_all(b"greeting").await.unwrap();
                stream.shutdown().await.unwrap();
                stream.read_to_end(&mut asked).await.unwrap();
                assert_eq!(asked, b"reply");
            }
        })
        .await;
        let plane = Plane::start(vec![default(&service.url)]);
        let mut client = plane.connect().await;
        let head = "POST /api HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\
                    Content-Length: 0\r\n\r\n";
        client.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(field(&read_head(&mut client).await, "upgrade"), Some("tcp"));
        let mut heard = Vec::new();
        let why = if client_first {
            client.write_all(b"question").await.unwrap();
            client.shutdown().await.unwrap();
            client.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"answer");
            r#",why="client""#
        } else {
            client.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"greeting");
            client.write_all(b"reply").await.unwrap();
            drop(client);
            r#",why="service""#
        };
        until("it ends", async || metric(&plane, "refactor_tunnels_ended_total", why) == 1.0).await;
    }
}

#[tokio::test]
async fn a_side_that_does_not_listen_holds_the_other_back() {
    let (service, mut connections) = agreeing().await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (mut client, mut stream) = open(&plane, &mut connections).await;
    let large = vec![0; 64 << 20];
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let sending = tokio::spawn(async move {
        // One frame of 64 MiB.
        stream.write_all(&[0x82, 127, 0, 0, 0, 0, 4, 0, 0, 0]).await.unwrap();
        for part in large.chunks(1 << 16) {
            stream.write_all(part).await.unwrap();
            counted.fetch_add(part.len(), Ordering::SeqCst);
        }
    });
    let before = AtomicUsize::new(usize::MAX);
    until("the service waits", async || {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let now = sent.load(Ordering::SeqCst);
        before.swap(now, Ordering::SeqCst) == now
    })
    .await;
    assert!(sent.load(Ordering::SeqCst) < 32 << 20);
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard.len(), 10 + (64 << 20));
    sending.await.unwrap();
}

#[tokio::test]
async fn no_more_tunnels_open_than_there_are_places_for() {
    let (service, mut connections) = agreeing().await;
    let settings = proxy::Settings { tunnels: 2, ..Default::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let first = open(&plane, &mut connections).await;
    let _second = open(&plane, &mut connections).await;
    let mut third = plane.connect().await;
    third.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let answer = read_answer(&mut third).await;
    assert_eq!((status(&answer), field(&answer, "retry-after")), (503, Some("1")));
    assert!(body(&answer).contains("2 WebSockets"), "{answer}");
    assert!(body(&answer).contains("WEBSOCKET_CONNECTIONS"), "{answer}");
    drop(first);
    until("a place is free", async || metric(&plane, "refactor_tunnels", "") == 1.0).await;
    open(&plane, &mut connections).await;
}

#[tokio::test]
async fn one_client_does_not_get_all_tunnels() {
    let (service, mut connections) = agreeing().await;
    let settings = proxy::Settings { tunnels: 8, ..Default::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(open(&plane, &mut connections).await);
    }
    let mut seventh = plane.connect().await;
    seventh.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let answer = read_answer(&mut seventh).await;
    assert_eq!(status(&answer), 503, "its share is three quarters: {answer}");
    assert!(body(&answer).contains("or this client has its share"), "{answer}");
    let mut other = connect_from(&plane, "127.0.0.2").await;
    other.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    assert_eq!(status(&read_head(&mut other).await), 101, "another client finds a place");
}

#[tokio::test]
async fn a_service_that_has_not_agreed_yet_takes_no_place_of_a_tunnel() {
    let waits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&waits);
    let service = Service::serving(move |mut stream| {
        let waits = Arc::clone(&counted);
        async move {
            let request = next_request(&mut stream, &mut Vec::new()).await.unwrap();
            if request.line().contains("/slow") {
                waits.fetch_add(1, Ordering::SeqCst);
            } else {
                stream.write_all(AGREED).await.unwrap();
            }
            // Both end with their client.
            let _ = stream.read(&mut [0]).await;
        }
    })
    .await;
    let settings = proxy::Settings { tunnels: 1, ..Default::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let mut slow = plane.connect().await;
    let request = HANDSHAKE.replace("/chat?room=1", "/slow");
    slow.write_all(request.as_bytes()).await.unwrap();
    until("it waits", async || waits.load(Ordering::SeqCst) == 1).await;
    let mut client = plane.connect().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    assert_eq!(status(&read_head(&mut client).await), 101);
}

#[tokio::test]
async fn a_client_is_told_to_go_after_a_whole_frame() {
    let (service, mut connections) = agreeing().await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (mut client, mut stream) = open(&plane, &mut connections).await;
    let (mut idle, mut idle_stream) = open(&plane, &mut connections).await;
    stream.write_all(&[HELLO, &HELLO[..4]].concat()).await.unwrap();
    expect(&mut client, HELLO).await;
    expect(&mut client, &HELLO[..4]).await;
    let closed = tokio::spawn(plane.plane.close(APPLICATION, std::time::Duration::from_secs(60)));
    expect(&mut idle, GOING_AWAY).await;
    idle.write_all(&[MASKED, MASKED_CLOSE].concat()).await.unwrap();
    expect(&mut idle_stream, &[MASKED, MASKED_CLOSE].concat()).await;
    // What the service says now is not for the client any more.
    idle_stream.write_all(HELLO).await.unwrap();
    drop(idle_stream);
    expect_end(&mut idle).await;
    drop(idle);
    let why = r#",why="stop""#;
    until("it ends", async || metric(&plane, "refactor_tunnels_ended_total", why) == 1.0).await;
    stream.write_all(&[&HELLO[4..], HELLO].concat()).await.unwrap();
    expect(&mut client, &[&HELLO[4..], GOING_AWAY].concat()).await;
    drop(client);
    expect_end(&mut stream).await;
    drop(stream);
    closed.await.unwrap();
}

#[tokio::test]
async fn a_client_that_was_told_by_its_service_is_not_told_again() {
    let (service, mut connections) = agreeing().await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (mut client, mut stream) = open(&plane, &mut connections).await;
    stream.write_all(&[0x88, 2, 0x03]).await.unwrap();
    expect(&mut client, &[0x88, 2, 0x03]).await;
    let closed = tokio::spawn(plane.plane.close(APPLICATION, std::time::Duration::from_secs(60)));
    stream.write_all(&[0xe8]).await.unwrap();
    drop(stream);
    expect(&mut client, &[0xe8]).await;
    expect_end(&mut client).await;
    drop(client);
    closed.await.unwrap();
}

#[tokio::test]
async fn an_upgrade_is_never_sent_twice() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let service = Service::serving(move |mut stream| {
        let asked = Arc::clone(&counted);
        async move {
            let mut read = Vec::new();
            while let Some(request) = next_request(&mut stream, &mut read).await {
                if request.field("upgrade").is_some() {
                    asked.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                stream.write_all(&ok("hello")).await.unwrap();
            }
        }
    })
    .await;
    let one_worker = proxy::Settings { workers: 1, ..Default::default() };
    let plane = Plane::with(one_worker, vec![default(&service.url)]);
    // Leaves an idle connection, on which a read would be tried a second time.
    assert_eq!(status(&plane.get("/api", "").await), 200);
    let mut client = plane.connect().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    assert_eq!(status(&read_answer(&mut client).await), 502);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_upgrade_goes_where_a_read_would_go_and_stays_there() {
    let misdirected = "HTTP/1.1 421 No\r\nBanyan-Primary: ";
    let (target, mut connections) = agreeing().await;
    let primary = format!("{misdirected}{}\r\nContent-Length: 0\r\n\r\n", target.url);
    let source = Service::answering(move |_| primary.clone().into_bytes()).await;
    let mut inactive = route("rte-chat", "/chat", &target.url);
    inactive.active = false;
    let plane = Plane::start(vec![default(&source.url), inactive.clone()]);
    let mut client = plane.connect().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    assert_eq!(status(&read_head(&mut client).await), 101);
    let mut stream = connections.recv().await.unwrap().1;
    assert_eq!(source.count(), 1);
    // The route goes on to another program; the tunnel does not.
    let other = Service::saying("other").await;
    plane.set(vec![default(&other.url)]);
    client.write_all(MASKED).await.unwrap();
    expect(&mut stream, MASKED).await;
    stream.write_all(HELLO).await.unwrap();
    expect(&mut client, HELLO).await;
    assert_eq!(body(&plane.get("/api/chat", "").await), "other");
}

#[tokio::test]
async fn an_upgrade_is_not_mirrored() {
    let (service, mut connections) = agreeing().await;
    let shadow = Service::saying("copy").await;
    let mut mirrored = route("rte-chat", "/chat", &shadow.url);
    let tags = [("banyan:canary", "0"), ("banyan:shadow", "100")];
    mirrored.tags = tags.map(|(tag, value)| (tag.to_owned(), value.to_owned())).into();
    let plane = Plane::start(vec![default(&service.url), mirrored]);
    let mut client = plane.connect().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    assert_eq!(status(&read_head(&mut client).await), 101);
    let labels = r#"{application="app-0123456789",route="rte-chat",service="rte-chat"}"#;
    let samples = format!("refactor_shadow_samples_total{labels}");
    assert_eq!(plane.metric(&samples), 0.0);
    drop(connections.recv().await.unwrap());
    assert_eq!(status(&plane.get("/api/chat", "").await), 502);
    assert_eq!(plane.metric(&samples), 1.0, "a read is");
}
