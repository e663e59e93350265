//! A client of HTTP/2 that asks for much and gives no room for any answer.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::plane::Plane;

/// How many connections the hostile client opens, and how many streams on each. `.ci/long` asks for 86 and 100.
pub(crate) fn flood() -> (usize, u32) {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse().unwrap());
    (number("FLOOD_CONNECTIONS").unwrap_or(6), number("FLOOD_STREAMS").unwrap_or(100) as u32)
}

/// A connection to the plane from another loopback address.
pub(crate) async fn connect_from(plane: &Plane, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(plane.address).await.unwrap()
}

/// Asks for `/api/x` on each stream of a connection over HTTP/2, and gives no room for any answer.
pub(crate) async fn zero_window(plane: &Plane, from: &str, streams: u32) -> TcpStream {
    window(plane, from, streams, 0).await
}

/// The same with room for so many bytes of each answer.
pub(crate) async fn window(plane: &Plane, from: &str, streams: u32, room: u32) -> TcpStream {
    let mut stream = connect_from(plane, from).await;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS with INITIAL_WINDOW_SIZE (RFC 9113, 6.5.2).
    bytes.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4]);
    bytes.extend(room.to_be_bytes());
    // GET, http, and literals without indexing for :path and :authority (RFC 7541, 6).
    let block = [&[0x82, 0x86, 0x04, 6][..], b"/api/x", &[0x01, 1], b"x"].concat();
    for n in 0..streams {
        bytes.extend([0, 0, block.len() as u8, 1, 5]);
        bytes.extend((2 * n + 1).to_be_bytes());
        bytes.extend(&block);
    }
    stream.write_all(&bytes).await.unwrap();
    stream
}
