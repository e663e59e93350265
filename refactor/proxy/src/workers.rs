//! The threads of the data plane: one accepts connections, the others answer them. A connection stays
//! with its worker, and so do the connections to services that it needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, thread};

use runtime::Place;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::client::serve;
use crate::site::{Counted, Site};
use crate::turns::Turns;
use crate::upstream::Upstreams;

/// How often connections that are idle for too long are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How long to wait if no connection can be accepted, for example without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often it is said that none can.
const REPEAT: Duration = Duration::from_secs(1);

/// The threads. They end when this is dropped, and all connections with them.
#[derive(Debug)]
pub(crate) struct Workers {
    accepting: Handle,
    connections: Arc<Semaphore>,
    queues: Arc<[mpsc::UnboundedSender<Accepted>]>,
    next: Arc<AtomicUsize>,
    /// Its end ends the accepting thread.
    _running: oneshot::Sender<()>,
}

/// What accepts the connections of a site.
#[derive(Debug)]
pub(crate) struct Accepting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A connection on its way to its worker.
struct Accepted {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    counted: Counted,
    permit: OwnedSemaphorePermit,
    place: Place,
}

impl Workers {
    /// Starts a worker for each of these turns. All together keep at most `connections` connections of clients together.
    ///
    /// # Errors
    /// If the system gives no thread or no event queue.
    pub(crate) fn start(
        turns: &[Arc<Turns>],
        connections: usize,
        upstreams: &Arc<Upstreams>,
    ) -> io::Result<Self> {
        let mut queues = Vec::with_capacity(turns.len());
        for (worker, turns) in turns.iter().enumerate() {
            let (queue, accepted) = mpsc::unbounded_channel();
            let (runtime, upstreams) = (runtime()?, Arc::clone(upstreams));
            let turns = Arc::clone(turns);
            thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || runtime.block_on(work(worker, accepted, &upstreams, turns)))?;
            queues.push(queue);
        }
        let (running, ended) = oneshot::channel::<()>();
        let runtime = runtime()?;
        let accepting = runtime.handle().clone();
        thread::Builder::new().name("accept".to_owned()).spawn(move || {
            // Nothing is ever sent: the sender's end is the sign.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self {
            accepting,
            connections: Arc::new(Semaphore::new(connections)),
            queues: queues.into(),
            next: Arc::default(),
            _running: running,
        })
    }

    /// What accepts connections; a socket is made within it.
    pub(crate) fn accepting(&self) -> &Handle {
        &self.accepting
    }

    /// Accepts connections for a site until it is told to stop. Those that wait in the queue of the system are then
    /// accepted too: its end would reset them.
    pub(crate) fn accept(&self, listener: TcpListener, site: Arc<Site>) -> Accepting {
        let (stop, mut stopped) = oneshot::channel();
        let (queues, next) = (Arc::clone(&self.queues), Arc::clone(&self.next));
        let connections = Arc::clone(&self.connections);
        let mut refused: Option<Instant> = None;
        let mut hand_on = move |site: &Arc<Site>, (stream, peer): (_, SocketAddr), permit| {
            let Some(place) = site.admit(peer.ip()) else {
                if is_due(&mut refused, Instant::now()) {
                    log::warn!(
                        "port {}: {} has its share of all connections",
                        site.port,
                        peer.ip()
                    );
                }
                return;
            };
            let turn = next.fetch_add(1, Ordering::Relaxed) % queues.len().max(1);
            let counted = Counted::new(Arc::clone(site));
            let accepted = Accepted { stream, peer, counted, permit, place };
            // A worker only ends with the whole data plane.
            let _ = queues.get(turn).map(|queue| queue.send(accepted));
        };
        let mut said: Option<Instant> = None;
        let task = self.accepting.spawn(async move {
            let place = async || Arc::clone(&connections).acquire_owned().await;
            loop {
                let next = async { Some((place().await.ok()?, accepted(&listener).await)) };
                let next = tokio::select! {
                    next = next => next,
                    _ = &mut stopped => break,
                };
                let Some((permit, accepted)) = next else { return };
                match accepted {
                    Ok(accepted) => hand_on(&site, accepted, permit),
                    Err(error) => {
                        let now = Instant::now();
                        if is_due(&mut said, now) {
                            log::warn!("port {}: no connection is accepted: {error}", site.port);
                        }
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
            // The runtime may not have heard of all of them yet.
            let Ok(listener) = listener.into_std() else { return };
            while let (Ok(permit), Ok((stream, peer))) = (place().await, listener.accept()) {
                if stream.set_nonblocking(true).is_ok() {
                    hand_on(&site, (stream, peer), permit);
                }
            }
        });
        Accepting { stop, task }
    }
}

impl Accepting {
    /// Ends when nothing listens any more, and each connection that was accepted is on its way to its worker.
    pub(crate) async fn stop(self) {
        // An error means that it has ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn accepted(listener: &TcpListener) -> io::Result<(std::net::TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    Ok((stream.into_std()?, peer))
}

/// Whether to say again what was `said` last so long ago; if so, it is said now.
fn is_due(said: &mut Option<Instant>, now: Instant) -> bool {
    let due = said.is_none_or(|said| now - said >= REPEAT);
    if due {
        *said = Some(now);
    }
    due
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn work(
    worker: usize,
    mut accepted: mpsc::UnboundedReceiver<Accepted>,
    upstreams: &Upstreams,
    turns: Arc<Turns>,
) {
    tokio::spawn(async move { turns.run().await });
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            next = accepted.recv() => match next {
                Some(accepted) => begin(worker, accepted),
                None => return,
            },
            _ = sweep.tick() => upstreams.sweep(worker),
        }
    }
}

fn begin(worker: usize, accepted: Accepted) {
    let Accepted { stream, peer, counted, permit, place } = accepted;
    let site = Arc::clone(counted.site());
    let stream = TcpStream::from_std(stream).and_then(|stream| {
        // An answer is written whole; waiting to fill a packet only delays its end.
        stream.set_nodelay(true)?;
        Ok(stream)
    });
    match stream {
        Err(error) => log::warn!("port {}: a connection is not served: {error}", site.port),
        Ok(stream) => {
            let serving = Arc::clone(&site);
            let task = site.share(peer.ip(), worker, async move {
                // They end in this order: the connection that gets the permit must find a place.
                let _held = (place, counted, permit);
                serve(stream, peer, serving, worker).await;
            });
            let task = tokio::spawn(task);
            // Workers have one thread each: the task has not begun, let alone ended.
            site.serves(task.abort_handle());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{ACCEPT_PAUSE, REPEAT, is_due};

    #[test]
    fn a_shortage_is_said_once_a_second() {
        let (mut said, start) = (None, Instant::now());
        assert!(is_due(&mut said, start));
        assert!(!is_due(&mut said, start + ACCEPT_PAUSE));
        assert!(is_due(&mut said, start + REPEAT));
        assert!(!is_due(&mut said, start + REPEAT + ACCEPT_PAUSE));
    }
}
