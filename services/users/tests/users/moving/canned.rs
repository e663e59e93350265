//! A program that always says the same.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers every request with the same status and body, one for each connection.
pub(crate) struct Canned {
    url: String,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Canned {
    /// Listens on a free port.
    pub(crate) fn start(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answer = Arc::new(Mutex::new((status, body.to_owned())));
        let shared = Arc::clone(&answer);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let Ok(reading) = stream.try_clone() else { continue };
                let lines = BufReader::new(reading).lines().map_while(Result::ok);
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let (status, body) = shared.lock().expect("no thread panics with it").clone();
                let length = body.len();
                let head = "connection: close\r\ncontent-type: application/json";
                // If the other side has gone, there is nothing to tell.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} Canned\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        Self { url, answer }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Says this from now on.
    pub(crate) fn say(&self, status: u16, body: &str) {
        *self.answer.lock().expect("no thread panics with it") = (status, body.to_owned());
    }
}
