//! A network between two programs, which a test can break; or a load balancer before several.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// Carries connections, until this is dropped.
pub(crate) struct Relay {
    pub(crate) url: String,
    weather: Sender<Weather>,
    task: JoinHandle<()>,
}

/// How the network is.
#[derive(Clone, Copy, Debug)]
struct Weather {
    sky: Sky,
    /// How often every connection was cut.
    cuts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sky {
    Clear,
    /// No connection is made.
    Cut,
    /// Connections are made, and nothing comes through.
    Swallows,
}

impl Relay {
    /// A relay at a free port to these ports: connections go to one after the other, past those that take none.
    pub(crate) async fn to(ports: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address");
        let (weather, now) = channel(Weather { sky: Sky::Clear, cuts: 0 });
        let ends = Arc::new(Ends { ports, turn: AtomicUsize::new(0) });
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(carry(connection, Arc::clone(&ends), now.clone()));
            }
        });
        Self { url: format!("http://{own}"), weather, task }
    }

    /// Ends every connection, and refuses the next ones.
    pub(crate) fn cut(&self) {
        self.weather.send_modify(|now| *now = Weather { sky: Sky::Cut, cuts: now.cuts + 1 });
    }

    /// Lets nothing through, and neither side is told.
    pub(crate) fn swallow(&self) {
        self.weather.send_modify(|now| now.sky = Sky::Swallows);
    }

    /// Carries everything again, and what waited.
    pub(crate) fn heal(&self) {
        self.weather.send_modify(|now| now.sky = Sky::Clear);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The addresses to which connections lead.
struct Ends {
    ports: Vec<u16>,
    /// Whose turn it is.
    turn: AtomicUsize,
}

impl Ends {
    /// A connection to the first address that takes one, in turn.
    async fn connect(&self) -> Option<TcpStream> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.ports.len();
        for port in self.ports.iter().cycle().skip(first).take(self.ports.len()) {
            if let Ok(connection) = TcpStream::connect(("127.0.0.1", *port)).await {
                return Some(connection);
            }
        }
        None
    }
}

async fn carry(connection: TcpStream, ends: Arc<Ends>, mut now: Receiver<Weather>) {
    let cuts = now.borrow().cuts;
    if !is_clear(&mut now, cuts).await {
        return;
    }
    let Some(other) = ends.connect().await else { return };
    let ((one_reads, one_writes), (other_reads, other_writes)) =
        (connection.into_split(), other.into_split());
    tokio::join!(
        pump(one_reads, other_writes, now.clone(), cuts),
        pump(other_reads, one_writes, now, cuts),
    );
}

/// One direction of a connection. Both end with the first cut.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut now: Receiver<Weather>,
    cuts: u64,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let mut weather = now.clone();
        let read = tokio::select! {
            _ = weather.wait_for(|now| now.cuts != cuts) => return,
            read = from.read(&mut bytes) => read,
        };
        let Ok(count @ 1..) = read else { return };
        if !is_clear(&mut now, cuts).await || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Waits until something comes through; false where the connection is cut before that.
async fn is_clear(now: &mut Receiver<Weather>, cuts: u64) -> bool {
    let weather = now.wait_for(|now| now.cuts != cuts || now.sky != Sky::Swallows).await;
    weather.is_ok_and(|now| now.cuts == cuts && now.sky == Sky::Clear)
}
