//! A program between a follower and its source.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a [`Relay`] does with the source's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relaying {
    /// It makes each page say that the source's clients wait no longer than usual.
    Calm,
    /// It makes each page say that the source's clients wait longer than usual.
    Busy,
    /// It keeps each page back until it is told otherwise; then it ends the connection.
    Held,
}

/// Passes requests on to a source, and its answers back.
pub(crate) struct Relay {
    address: String,
    relaying: Arc<Mutex<Relaying>>,
}

impl Relay {
    /// Listens on a free port for the requests to the source at this address.
    pub(crate) fn start(source: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let relaying = Arc::new(Mutex::new(Relaying::Calm));
        let (source, shared) = (source.to_owned(), Arc::clone(&relaying));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (source, shared) = (source.clone(), Arc::clone(&shared));
                // A side that has gone ends the connection of the other one.
                thread::spawn(move || drop(relay(client, &source, &shared)));
            }
        });
        Self { address, relaying }
    }

    /// The URL of a collection behind it.
    pub(crate) fn collection(&self, name: &str) -> String {
        format!("http://{}/api/{name}", self.address)
    }

    /// What it does from now on.
    pub(crate) fn set(&self, relaying: Relaying) {
        *self.relaying.lock().expect("no thread panics with it") = relaying;
    }
}

/// What only a page says, if the source's clients wait no longer than usual, and if they do.
const PAGE: [&str; 2] = [r#""busy":false"#, r#""busy":true"#];

fn now(relaying: &Mutex<Relaying>) -> Relaying {
    *relaying.lock().expect("no thread panics with it")
}

fn relay(client: TcpStream, source: &str, relaying: &Mutex<Relaying>) -> io::Result<()> {
    let source = TcpStream::connect(source)?;
    let (mut requests, mut to_source) = (client.try_clone()?, source.try_clone()?);
    thread::spawn(move || io::copy(&mut requests, &mut to_source));
    let (mut answers, mut to_client) = (BufReader::new(source), client);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if answers.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            match line.to_ascii_lowercase().strip_prefix("content-length:") {
                Some(value) => length = value.trim().parse().map_err(io::Error::other)?,
                None => head += &line,
            }
        }
        let mut body = vec![0; length];
        answers.read_exact(&mut body)?;
        let mut body = String::from_utf8(body).map_err(io::Error::other)?;
        if PAGE.iter().any(|page| body.contains(page)) {
            match now(relaying) {
                Relaying::Calm => body = body.replace(PAGE[1], PAGE[0]),
                Relaying::Busy => body = body.replace(PAGE[0], PAGE[1]),
                Relaying::Held => {
                    while now(relaying) == Relaying::Held {
                        thread::sleep(Duration::from_millis(10));
                    }
                    return Ok(());
                }
            }
        }
        write!(to_client, "{head}content-length: {}\r\n\r\n{body}", body.len())?;
    }
}
