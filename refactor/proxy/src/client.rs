//! The connections of clients, in each version of HTTP: each request on them becomes an exchange.

mod http1;
mod http2;
mod pace;
mod serve;

use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

pub(crate) use serve::serve;

/// A socket: without TLS, or with it.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;
