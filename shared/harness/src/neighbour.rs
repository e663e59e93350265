//! A neighbour that is told how to behave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How a [`Neighbour`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// 200 for these ids, the board's 404 for all others.
    Has(Vec<u64>),
    /// A copy that has no member at all, and says that the collection at this URL may.
    Names(String),
    /// A follower that has these ids and no others, and says that the collection at this URL is the primary.
    Follows(Vec<u64>, String),
    /// 421 without a primary for so many requests, as while that changes; then the other manner.
    Changes(usize, Box<Self>),
    /// The other manner, as of this epoch.
    Of(u64, Box<Self>),
    /// A store that was emptied, and says that the collection at this URL has everything.
    Gone(String),
    /// Takes the request and never answers.
    Hangs,
    /// Closes each connection at once.
    HangsUp,
    /// A 404 that speaks of the path, not of a member.
    Another404,
    /// 500.
    Fails,
}

/// Stands in for a service that is asked whether members exist.
pub struct Neighbour {
    url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    manner: Manner,
    heads: Vec<String>,
}

impl Neighbour {
    /// Listens on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { manner, heads: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Behaves so from now on.
    ///
    /// # Panics
    /// Never in a sound test.
    pub fn behave(&self, manner: Manner) {
        self.state.lock().expect("no thread panics with the state").manner = manner;
    }

    /// The heads of all requests so far, in lower case.
    ///
    /// # Panics
    /// Never in a sound test.
    pub fn heads(&self) -> Vec<String> {
        self.state.lock().expect("no thread panics with the state").heads.clone()
    }
}

/// Answers requests until the other side, or the manner, ends the connection.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let Ok(reading) = stream.try_clone() else { return };
    let mut lines = BufReader::new(reading).lines().map_while(Result::ok);
    loop {
        let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
        let mut segments = path.rsplit('/');
        let id = segments.next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let collection = segments.next().unwrap_or_default();
        let mut missing = format!("banyan-missing: {} {id}\r\n", collection.trim_end_matches('s'));
        let manner = {
            let mut state = state.lock().expect("no thread panics with the state");
            state.heads.push(head.join("\n").to_lowercase());
            let manner = state.manner.clone();
            if let Manner::Changes(left, then) = &mut state.manner {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    state.manner = (**then).clone();
                }
            }
            manner
        };
        let (manner, position) = match manner {
            Manner::Of(epoch, manner) => (*manner, format!("banyan-position: {epoch}.1\r\n")),
            manner => (manner, String::new()),
        };
        let mut named = String::new();
        if let Manner::Names(primary) | Manner::Gone(primary) | Manner::Follows(_, primary) =
            &manner
        {
            named = format!("banyan-primary: {primary}\r\n");
            missing.push_str(&named);
        }
        let (status, header) = match manner {
            Manner::Has(ids) if ids.contains(&id) => ("200 OK", ""),
            Manner::Follows(ids, _) if ids.contains(&id) => ("200 OK", named.as_str()),
            Manner::Has(_) | Manner::Names(_) | Manner::Follows(..) => {
                ("404 Not Found", missing.as_str())
            }
            Manner::Changes(..) | Manner::Of(..) => ("421 Misdirected Request", ""),
            Manner::Gone(_) => ("421 Misdirected Request", missing.as_str()),
            Manner::Another404 => ("404 Not Found", "content-type: application/problem+json\r\n"),
            Manner::Fails => ("500 Internal Server Error", ""),
            Manner::HangsUp => return,
            // Until the client gives up and closes the connection.
            Manner::Hangs => return drop(lines.next()),
        };
        let answer = format!("HTTP/1.1 {status}\r\n{header}{position}content-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
