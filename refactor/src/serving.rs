//! Serving, until this process is told to stop or another one takes over.

use std::error::Error;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt;
use actix_web::web::Data;
use console::Console;
use proxy::DataPlane;
use runtime::{ANNOUNCE_TIME, Stop, StopTimes, chain};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::canaries;
use crate::control::Readiness;
use crate::first_stack::FirstStack;
use crate::lead::Leading;
use crate::processes::Processes;
use crate::takeover::{GivenOver, Giving};

/// All that a process needs to serve.
pub(crate) struct Prepared {
    pub(crate) plane: DataPlane,
    pub(crate) leading: Leading,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) servers: Vec<Server>,
    pub(crate) address: SocketAddr,
    pub(crate) metrics_at: Option<SocketAddr>,
    pub(crate) first: Option<FirstStack>,
    /// What another process can take over.
    pub(crate) giving: Option<Giving>,
    /// Its pages hold connections until they are told that it stops.
    pub(crate) console: Data<Console>,
    pub(crate) processes: Option<Arc<Processes>>,
    pub(crate) stop: StopTimes,
}

impl Prepared {
    /// Serves until it is told to stop, or another process takes over.
    pub(crate) async fn serve(self, stopped: Stop) -> Result<(), Box<dyn Error>> {
        let Self { plane, leading, readiness, servers, giving, console, processes, stop, .. } =
            self;
        if let (None, Some(lead)) = (&processes, leading.get()) {
            lead.begin();
        }
        let handles: Vec<_> = servers.iter().map(Server::handle).collect();
        let asking = giving.and_then(|giving| {
            let offered = giving.offer();
            offered
                .inspect_err(|error| {
                    log::warn!("no other process can take over from this one: {error}");
                })
                .ok()
        });
        if let Some(metrics) = self.metrics_at {
            log::info!("metrics are on http://{metrics}/metrics");
        }
        log::info!("listening on http://{}", self.address);
        rt::spawn(canaries::watch(leading.clone()));
        let (ready, first) = (Arc::clone(&readiness), self.first);
        rt::spawn(async move {
            first_stack(first).await;
            ready.begin();
        });
        let ended = rt::spawn(async move {
            if let Some(Replaced { quiet, ended }) = replaced(asking, stopped, &handles).await {
                console.close();
                tokio::join!(end(&handles), plane.drain(ANNOUNCE_TIME, stop.drain, quiet));
                // What hears this ends the process.
                let _ = ended.send(());
                return pending().await;
            }
            readiness.stop();
            let finishing = processes.clone();
            let finished = spawn_blocking(move || finishing.map(|one| one.finish(stop.drain)));
            stop.serve_on().await;
            console.close();
            // A command that a page began is no request: it must not be cut in the middle either.
            let commands = spawn_blocking(move || leading.close(stop.drain));
            let unheard = oneshot::channel().0;
            let drained = plane.drain(ANNOUNCE_TIME, stop.drain, unheard);
            let ((), (), finished, commands) =
                tokio::join!(end(&handles), drained, finished, commands);
            if let Err(error) = commands {
                log::error!("commands under way: {}", chain(&error));
            }
            if let Some(processes) = processes {
                let left = spawn_blocking(move || processes.leave()).await;
                for error in [finished.err(), left.err()].into_iter().flatten() {
                    log::error!("the control database: {}", chain(&error));
                }
            }
        });
        // A server answers only while it is polled.
        let servers: Vec<_> = servers.into_iter().map(rt::spawn).collect();
        for server in servers {
            server.await??;
        }
        ended.await?;
        Ok(())
    }
}

/// What is to be told once another process serves.
struct Replaced {
    /// No request of an application begins any more.
    quiet: oneshot::Sender<()>,
    /// Nothing is in flight any more.
    ended: oneshot::Sender<()>,
}

/// Ends when this process was told to stop, with nothing; or when another one serves in its place.
async fn replaced(
    mut asking: Option<UnboundedReceiver<GivenOver>>,
    mut stopped: Stop,
    servers: &[ServerHandle],
) -> Option<Replaced> {
    loop {
        let asked = async {
            match &mut asking {
                Some(asking) => asking.recv().await,
                None => None,
            }
        };
        let GivenOver { paused, serves, quiet, ended } = tokio::select! {
            () = &mut stopped => return None,
            Some(given) = asked => given,
        };
        for server in servers {
            server.pause().await;
        }
        // What hears this waits for it.
        let _ = paused.send(());
        tokio::select! {
            () = &mut stopped => return None,
            serves = serves => if serves.is_ok() {
                return Some(Replaced { quiet, ended });
            },
        }
        for server in servers {
            server.resume().await;
        }
    }
}

/// Stops servers, all at once.
async fn end(servers: &[ServerHandle]) {
    let stopping: Vec<_> = servers.iter().map(|server| server.stop(true)).collect();
    for stopped in stopping {
        stopped.await;
    }
}

/// Ends when what has to be there from the start is there.
async fn first_stack(first: Option<FirstStack>) {
    if let Some(first) = first {
        first.keep().await;
    }
}
