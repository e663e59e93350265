//! Services of every manner.

use std::future::Future;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A service that does as it is told with each connection. It ends with its test.
pub(crate) struct Service {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

/// A request as a service got it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The first line and the fields.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }
}

impl Service {
    /// Answers every request with the bytes that `answer` makes.
    pub(crate) async fn answering(
        answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::new(answer), Arc::clone(&seen));
        let mut service = Self::serving(move |mut stream| {
            let (answer, noted) = (Arc::clone(&answer), Arc::clone(&noted));
            async move {
                let mut read = Vec::new();
                while let Some(request) = next_request(&mut stream, &mut read).await {
                    noted.lock().unwrap().push(request.clone());
                    if stream.write_all(&answer(&request)).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        service.seen = seen;
        service
    }

    /// Answers every request with 200 and this body.
    pub(crate) async fn saying(body: &'static str) -> Self {
        Self::answering(move |_| ok(body)).await
    }

    /// Does with each connection what `serve` does.
    pub(crate) async fn serving<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), seen: Arc::default(), accepting }
    }

    /// The requests that it got.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

pub(crate) fn ok(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The URL of a port on which no program listens.
pub(crate) fn nobody() -> String {
    format!("http://127.0.0.1:{}", harness::free_port())
}

/// Reads one request; `read` holds what was read of the next one.
pub(crate) async fn next_request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Request> {
    let end = fill_to(stream, read, b"\r\n\r\n", 0).await?;
    let head = String::from_utf8(read.drain(..end).collect()).unwrap();
    let mut request = Request { head, body: Vec::new() };
    if let Some(length) = request.field("content-length") {
        let length: usize = length.parse().unwrap();
        while read.len() < length {
            fill(stream, read).await?;
        }
        request.body = read.drain(..length).collect();
    } else if request.field("transfer-encoding").is_some() {
        loop {
            let end = fill_to(stream, read, b"\r\n", 0).await?;
            let line: Vec<u8> = read.drain(..end).collect();
            let size =
                usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
            while read.len() < size + 2 {
                fill(stream, read).await?;
            }
            request.body.extend(read.drain(..size));
            read.drain(..2);
            if size == 0 {
                break;
            }
        }
    }
    Some(request)
}

async fn fill(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<()> {
    let count = stream.read_buf(read).await.ok()?;
    (count > 0).then_some(())
}

/// Reads until `mark` is there; where it ends.
async fn fill_to(
    stream: &mut TcpStream,
    read: &mut Vec<u8>,
    mark: &[u8],
    from: usize,
) -> Option<usize> {
    loop {
        let found = read[from..].windows(mark.len()).position(|window| window == mark);
        match found {
            Some(start) => return Some(from + start + mark.len()),
            None => fill(stream, read).await?,
        }
    }
}
