//! The threads of the data plane: one accepts connections, the others answer them. A connection stays
//! with its worker, and so do the connections to services that it needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, thread};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::client::serve;
use crate::site::{Counted, Site};
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

/// A connection on its way to its worker.
struct Accepted {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    site: Arc<Site>,
    permit: OwnedSemaphorePermit,
}

impl Workers {
    /// Starts `count` workers, which keep at most `connections` connections of clients together.
    ///
    /// # Errors
    /// If the system gives no thread or no event queue.
    pub(crate) fn start(
        count: usize,
        connections: usize,
        upstreams: &Arc<Upstreams>,
    ) -> io::Result<Self> {
        let mut queues = Vec::with_capacity(count);
        for worker in 0..count {
            let (queue, accepted) = mpsc::unbounded_channel();
            let (runtime, upstreams) = (runtime()?, Arc::clone(upstreams));
            thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || runtime.block_on(work(worker, accepted, &upstreams)))?;
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

    /// Accepts connections for a site until the handle aborts it.
    pub(crate) fn accept(&self, listener: TcpListener, site: Arc<Site>) -> AbortHandle {
        let (queues, next) = (Arc::clone(&self.queues), Arc::clone(&self.next));
        let connections = Arc::clone(&self.connections);
        let mut said: Option<Instant> = None;
        let accept = async move {
            while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
                match listener.accept().await.and_then(|(s, peer)| Ok((s.into_std()?, peer))) {
                    Ok((stream, peer)) => {
                        let turn = next.fetch_add(1, Ordering::Relaxed) % queues.len().max(1);
                        let accepted = Accepted { stream, peer, site: Arc::clone(&site), permit };
                        // A worker only ends with the whole data plane.
                        let _ = queues.get(turn).map(|queue| queue.send(accepted));
                    }
                    Err(error) => {
                        let now = Instant::now();
                        if is_due(&mut said, now) {
                            log::warn!("port {}: no connection is accepted: {error}", site.port);
                        }
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        self.accepting.spawn(accept).abort_handle()
    }
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
) {
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
    let Accepted { stream, peer, site, permit } = accepted;
    let stream = TcpStream::from_std(stream).and_then(|stream| {
        // An answer is written whole; waiting to fill a packet only delays its end.
        stream.set_nodelay(true)?;
        Ok(stream)
    });
    match stream {
        Err(error) => log::warn!("port {}: a connection is not served: {error}", site.port),
        Ok(stream) => {
            let serving = Arc::clone(&site);
            let task = tokio::spawn(async move {
                let _held = (permit, Counted(Arc::clone(&serving)));
                serve(stream, peer, serving, worker).await;
            });
            // Workers have one thread each: the task has not begun, let alone ended.
            site.connected(task.abort_handle());
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
