//! A data plane with one application, and a client that writes bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use http::Method;
use proxy::{DataPlane, Patience, Route, Settings, SourcePath};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const APPLICATION: &str = "app-0123456789";

/// A data plane that listens for one application, whose stage is `api`.
pub(crate) struct Plane {
    pub(crate) plane: DataPlane,
    pub(crate) address: SocketAddr,
}

impl Plane {
    pub(crate) fn start(routes: Vec<Route>) -> Self {
        Self::with(Settings { workers: 2, ..Settings::default() }, routes)
    }

    pub(crate) fn with(settings: Settings, routes: Vec<Route>) -> Self {
        Self::at(settings, "api", routes)
    }

    /// With an application below this stage, or at the root if that is empty.
    pub(crate) fn at(settings: Settings, stage: &str, routes: Vec<Route>) -> Self {
        let plane = DataPlane::new(settings).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let address = plane.open(APPLICATION, stage, any, routes).unwrap();
        Self { plane, address }
    }

    /// With a default route alone, and services that are given little time.
    pub(crate) fn hasty(url: &str) -> Self {
        let time = Duration::from_millis(300);
        let patience =
            Patience { connect: time, first_byte: time, idle: time, ..Patience::default() };
        Self::with(Settings { workers: 1, patience, ..Settings::default() }, vec![default(url)])
    }

    pub(crate) fn set(&self, routes: Vec<Route>) {
        self.plane.set_routes(APPLICATION, routes);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes, and reads until the proxy closes the connection.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        self.send_on(bytes).await
    }

    /// The same, for a task of its own.
    pub(crate) fn send_on<B: AsRef<[u8]>>(
        &self,
        bytes: B,
    ) -> impl Future<Output = String> + use<B> {
        let address = self.address;
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The proxy need not read the rest once it has enough.
            let _ = stream.write_all(bytes.as_ref()).await;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        }
    }

    /// The answer to a `GET` with these fields, on a connection of its own.
    pub(crate) async fn get(&self, path: &str, fields: &str) -> String {
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: board\r\nConnection: close\r\n{fields}\r\n");
        self.send(head).await
    }

    /// A metric's value; 0 if it is not there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.plane.metrics().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }
}

pub(crate) fn default(url: &str) -> Route {
    Route {
        id: "rte-default000".to_owned(),
        source: None,
        upstream: url.parse().unwrap(),
        service: "monolith".to_owned(),
        active: true,
        tags: BTreeMap::new(),
    }
}

pub(crate) fn route(id: &str, template: &str, url: &str) -> Route {
    let source = SourcePath {
        template: template.to_owned(),
        methods: Vec::<Method>::new(),
        children: true,
        append: true,
    };
    Route { id: id.to_owned(), source: Some(source), service: id.to_owned(), ..default(url) }
}

/// The status of an answer.
pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// What follows the head of an answer.
pub(crate) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}")).1
}

/// The value of a field of an answer.
pub(crate) fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

/// Reads one answer with a `Content-Length` from a connection that stays.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = field(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if rest.len() >= length {
                return text.into_owned();
            }
        }
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "the connection ended within {text:?}");
        answer.extend_from_slice(&part[..read]);
    }
}
