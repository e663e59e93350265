//! A line to PostgreSQL that a test can cut.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes on what a program and PostgreSQL say to each other, and cuts the connection where a test says.
#[derive(Debug)]
pub struct Line {
    url: String,
    cut: Arc<Mutex<Option<(Cut, String)>>>,
    whole: watch::Sender<bool>,
}

/// When a line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the server hears the words.
    Unheard,
    /// When the server has heard the words and answers. If they commit, it has done so.
    Unanswered,
}

impl Line {
    /// A line to this database, `postgres://USER@HOST:PORT/NAME`, without encryption.
    ///
    /// # Panics
    /// If there is no port to be had, or the URL is another one.
    pub async fn to(database: &str) -> Self {
        let (user, rest) = database.split_once('@').expect("a user");
        let (server, name) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let whole = watch::Sender::new(true);
        let line = Self { url: format!("{user}@{address}/{name}"), cut: Arc::default(), whole };
        let (cut, server) = (Arc::clone(&line.cut), server.to_owned());
        let whole = line.whole.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (cut, server, mut whole) = (Arc::clone(&cut), server.clone(), whole.clone());
                if !*whole.borrow_and_update() {
                    continue;
                }
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.expect("PostgreSQL is there");
                    tokio::select! {
                        // Either side may end the connection in whatever way.
                        _ = pass_on(client, server, &cut) => {}
                        _ = whole.changed() => {}
                    }
                });
            }
        });
        line
    }

    /// The database at this end of the line.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts every connection and takes no other, or takes them again.
    pub fn set_whole(&self, whole: bool) {
        self.whole.send_replace(whole);
    }

    /// Cuts the next connection on which the program says these words.
    pub fn cut(&self, cut: Cut, words: &str) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some((cut, words.to_owned()));
    }
}

/// PostgreSQL's message that no transaction runs (ReadyForQuery).
const IDLE: &[u8] = b"Z\0\0\0\x05I";

async fn pass_on(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: &Mutex<Option<(Cut, String)>>,
) -> std::io::Result<()> {
    let (mut said, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let (mut unanswered, mut commits) = (false, false);
    loop {
        tokio::select! {
            count = client.read(&mut said) => {
                let said = &said[..count?];
                let at = cut
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take_if(|(_, words)| has(said, words.as_bytes()));
                if said.is_empty() || at.as_ref().is_some_and(|(cut, _)| *cut == Cut::Unheard) {
                    return Ok(());
                }
                if let Some((_, words)) = at {
                    (unanswered, commits) = (true, words == "COMMIT\0");
                }
                server.write_all(said).await?;
            }
            count = server.read(&mut answered) => {
                let answered = &answered[..count?];
                if answered.is_empty() || unanswered && (!commits || has(answered, IDLE)) {
                    return Ok(());
                }
                if unanswered {
                    continue;
                }
                client.write_all(answered).await?;
            }
        }
    }
}

fn has(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}
