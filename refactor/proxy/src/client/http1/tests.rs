use std::future::poll_fn;
use std::task::Poll;

use http1::{Framing, RequestHead};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::limits::BODY_TIME;

use super::super::serve::tests::site;
use super::{BodyError, ClientExchange, Http1, KEPT_OUTPUT_BYTES, Stream};

#[tokio::test]
async fn a_connection_keeps_little_room_once_all_of_an_answer_is_sent() {
    const ANSWER: usize = 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let site = site("http://127.0.0.1:1".parse().unwrap());
    let mut http1 = Http1::new(Stream::Left(stream), peer.ip(), site);
    http1.push(&vec![b'a'; ANSWER]);
    assert!(http1.output.capacity() >= ANSWER);
    let mut taken = vec![0; ANSWER];
    let sent = poll_fn(|context| http1.poll_flush(context));
    let (sent, taken) = tokio::join!(sent, client.read_exact(&mut taken));
    assert_eq!((sent.unwrap(), taken.unwrap()), ((), ANSWER));
    assert!(http1.output.capacity() <= KEPT_OUTPUT_BYTES, "{}", http1.output.capacity());
}

/// A connection whose client waits for 100 with a chunked body, and its other end.
async fn expecting(arrived: &[u8]) -> (Http1, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let site = site("http://127.0.0.1:1".parse().unwrap());
    let mut http1 = Http1::new(Stream::Left(stream), peer.ip(), site);
    client.write_all(arrived).await.unwrap();
    while http1.input.filled().len() < arrived.len() {
        poll_fn(|context| http1.input.poll_fill(context, &mut http1.stream)).await.unwrap();
    }
    let mut head = RequestHead::unread();
    (head.body, head.expects_continue) = (Framing::CHUNKED, true);
    http1.start(&head);
    http1.limit_body(100);
    (http1, client)
}

/// Whether the body ends because it is too slow, on a clock that does not wait.
async fn is_too_slow(http1: &mut Http1) -> bool {
    tokio::time::pause();
    let mut out = Vec::new();
    let body = poll_fn(|context| http1.poll_body(context, &mut out));
    matches!(timeout(2 * BODY_TIME, body).await, Ok(Err(BodyError::TooSlow)))
}

#[tokio::test]
async fn a_client_that_began_its_body_does_not_wait_to_be_told() {
    let (mut with_head, _client) = expecting(b"5").await;
    assert!(!with_head.waits_to_go_on());
    assert!(is_too_slow(&mut with_head).await, "with the head");
}

#[tokio::test]
async fn a_client_that_begins_its_body_during_a_search_does_not_wait_to_be_told() {
    let (mut later, mut client) = expecting(b"").await;
    assert!(later.waits_to_go_on());
    client.write_all(b"5").await.unwrap();
    poll_fn(|context| {
        assert!(later.poll_left(context).is_pending());
        if later.input.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    assert!(!later.waits_to_go_on());
    assert!(is_too_slow(&mut later).await, "later");
}
