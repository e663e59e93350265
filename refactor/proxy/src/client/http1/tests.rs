use std::future::poll_fn;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::super::serve::tests::site;
use super::{Client, Http1, KEPT_OUTPUT_BYTES, Stream};

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
