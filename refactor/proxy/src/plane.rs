//! The data plane: listens for each application and sends every request to the service of its route.
//!
//! One thread accepts connections and gives each to a worker thread. A connection, its requests, and the connections
//! to services that they need stay with that thread. A request takes these steps:
//!
//! 1. `client` reads a head from its socket, HTTP/1 or HTTP/2. `head` parses it strictly, or refuses it.
//! 2. `exchange` finds the **route** in the `table`, an immutable tree, by the `path`. A change makes a new table,
//!    which shares the unchanged parts with the old one.
//! 3. The route's service is the **primary** of the request, unless the route's tags divide its requests between two
//!    services (`split`). Then the other service may get a copy, and the two answers are compared (`copies`).
//! 4. The **outgoing request** is written: the end-to-end fields, and those that say how the request came
//!    (`downstream`).
//! 5. The primary is **asked** over a connection that its `upstream` leases. The body follows as it arrives.
//! 6. If the service is not the primary, or has not reached the position of the client's last write, the **chase**
//!    goes back to 4 with another candidate, perhaps after a wait.
//! 7. The **answer** is relayed as it arrives. The connection goes back to its pool. If the service goes on with another
//!    protocol, such as WebSocket, both connections become a `tunnel`, which stays whatever becomes of the route.
//! 8. The request is **recorded**: one line in the log, one count in the metrics.
//!
//! While a service moves, these hold (`exchange::chase`, `ownership`):
//! - The candidates are the service of the route, the service that the request would go to without that route, and
//!   the services of the application's matching routes that take no traffic. The proxy asks no other service,
//!   whatever an answer says.
//! - A 421 of a store, which has `Banyan-Position` or `Banyan-Primary`, never reaches a client. The service that sent it has stored nothing, so the same request with the same id
//!   and the same bytes goes to the candidate that `Banyan-Primary` names, or again to the same service after a wait
//!   of 2 ms, doubling to 25 ms (a read: 10 ms, to 250 ms). After 5 s in all, the client gets 503 with `Retry-After`.
//!   A request whose connection broke is never sent again.
//! - A client that wrote reads nothing older. The proxy remembers the `Banyan-Position` of its last write for a
//!   minute. If the answer to a later read has a lower position, or none, the proxy discards it and asks another
//!   candidate. A client may send the position itself; such a read waits for at most 1 s, and then the primary's
//!   answer is good enough. The proxy tells clients apart by `Authorization`, by `Cookie`, or by address
//!   (`downstream`) with `User-Agent`, and their writes by the first segment of the path.
//! - An answer does not count if its epoch was over before the request was sent, as the control plane knows it, or if
//!   its primary was replaced by force. For a write that was accepted the client gets 502; a read goes to another
//!   candidate.
//! - A follower that lags and does not have the record answers 404 with `Banyan-Primary`, and the proxy asks the
//!   primary. For one minute after a restart the proxy does not trust followers at all: reads go to the primary.
//! - `Banyan-Primary` stays here; `Banyan-Position` goes to the client. Paths with the segment `-`
//!   behind the name of a collection that moves are never forwarded.
//!
//! What is absent: no lock is held during a wait, and no request waits for another thread except to resolve a name.
//! No body is held whole, except that of a request for which more than one service could be the primary.

mod reports;
mod route_changes;

use std::collections::HashMap;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fmt, io};

use routes::Route;
use runtime::Crowd;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::interval;

use super::application::{Application, Listening};
use super::beside::{Beside, OtherProcess};
use super::certificate::Certificate;
use super::copies::Shadows;
use super::kept::Budget;
use super::metrics::{Metrics, RouteLabels};
use super::ownership::{Epochs, SharedOwnership};
use super::private_authorities::PrivateAuthorities;
use super::settings::Settings;
use super::site::{Shared, Site};
use super::target::RouteTable;
use super::turns::Turns;
use super::upstream::Upstreams;
use super::workers::Workers;
use super::{files, limits};

/// Listens for each application, and routes what comes. Cheap to clone; usable from any thread. With
/// the last clone all connections end.
#[derive(Clone)]
pub struct DataPlane(Arc<Plane>);

struct Plane {
    shared: Arc<Shared>,
    upstreams: Arc<Upstreams>,
    applications: Mutex<HashMap<String, Application>>,
    /// By application, whether it is open or not.
    epochs: Mutex<HashMap<String, Arc<Epochs>>>,
    /// Sockets of an earlier process, by their address, for the applications that are still to be opened.
    inherited: Mutex<HashMap<SocketAddr, TcpListener>>,
    other: OtherProcess,
    opened: AtomicBool,
    /// Changed while the applications are locked.
    drains: AtomicBool,
    workers: Workers,
}

impl DataPlane {
    /// Starts the worker threads, and lets the process open as many files as it may.
    ///
    /// # Errors
    /// If the system gives no thread or no event queue.
    pub fn new(settings: Settings) -> io::Result<Self> {
        files::allow_all();
        let settings = Settings { workers: settings.workers.max(1), ..settings };
        let upstreams = Arc::new(Upstreams::new(settings.workers));
        let turns: Arc<[_]> = (0..settings.workers).map(|_| Arc::new(Turns::default())).collect();
        let workers = Workers::start(&turns, settings.connections, &upstreams)?;
        let (certificate, authorities) =
            (settings.certificate.clone(), settings.authorities.clone());
        workers.accepting().spawn(keep_current(certificate, authorities));
        let pseudonym = format!("refactor-{:016x}", fastrand::u64(..));
        let (metrics, shadows) = (Metrics::new(), Shadows::start()?);
        let ownership = SharedOwnership::new(settings.runs_again, settings.others_write);
        let crowd = Arc::new(Crowd::new(settings.connections));
        let ahead = Budget::new(limits::ALL_AHEAD_BYTES);
        let tunnels = Arc::new(Crowd::new(settings.tunnels));
        let shared = Shared {
            settings,
            metrics,
            shadows,
            ownership,
            crowd,
            ahead,
            turns,
            tunnels,
            pseudonym,
        };
        Ok(Self(Arc::new(Plane {
            shared: Arc::new(shared),
            upstreams,
            applications: Mutex::default(),
            epochs: Mutex::default(),
            inherited: Mutex::default(),
            other: OtherProcess::default(),
            opened: AtomicBool::new(false),
            drains: AtomicBool::new(false),
            workers,
        })))
    }

    /// Takes sockets that another process listens on too, so that no client sees a port that is closed. An application
    /// that is opened at the address of one gets it; those that are left are closed by [`DataPlane::forget_inherited`].
    /// From now on the other process carries writes too, until [`DataPlane::is_beside`] says that it is gone.
    ///
    /// # Errors
    /// If one is no listening socket.
    pub fn inherit(&self, sockets: Vec<TcpListener>) -> io::Result<()> {
        self.0.shared.ownership.writes.are_elsewhere(true);
        let mut inherited = lock(&self.0.inherited);
        for socket in sockets {
            socket.set_nonblocking(true)?;
            inherited.insert(socket.local_addr()?, socket);
        }
        Ok(())
    }

    /// Closes inherited sockets that no application took.
    pub fn forget_inherited(&self) {
        lock(&self.0.inherited).drain().for_each(|(address, _)| {
            log::warn!("no application takes traffic at {address} any more");
        });
    }

    /// The sockets of all applications, for another process: it has the same queue of connections that wait.
    ///
    /// # Errors
    /// If the system gives no more files.
    pub fn sockets(&self) -> io::Result<Vec<TcpListener>> {
        let applications = self.0.applications();
        let listening =
            applications.values().filter_map(|application| application.listening.as_ref());
        listening.map(|listening| listening.socket.try_clone()).collect()
    }

    /// Says what another process does that carries requests of the same applications. While there is one, a change of
    /// routes waits until no request can begin there, and a client may have written there.
    pub fn is_beside(&self, other: Beside) {
        self.0.shared.ownership.writes.are_elsewhere(other != Beside::Gone);
        self.0.other.is(other);
    }

    /// Binds `address` and serves `http://address/<stage>`, or all of `http://address` if the stage is empty. Without routes every answer is 404. Returns the bound
    /// address.
    ///
    /// # Errors
    /// If the address cannot be listened on, the application is open already, or this [drains](DataPlane::drain).
    pub fn open(
        &self,
        application: &str,
        stage: &str,
        address: SocketAddr,
        routes: Vec<Route>,
    ) -> io::Result<SocketAddr> {
        let mut applications = self.0.applications();
        if applications.contains_key(application) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the application is open"));
        }
        if self.drains() {
            return Err(io::Error::other("this program is stopping"));
        }
        let inherited = lock(&self.0.inherited).remove(&address);
        let _within = self.0.workers.accepting().enter();
        let socket = inherited.map_or_else(|| runtime::listen_on(address), Ok)?;
        let listener = tokio::net::TcpListener::from_std(socket.try_clone()?)?;
        let address = listener.local_addr()?;
        let table = self.0.table(application, routes, &RouteTable::default());
        let site = Arc::new(Site::new(
            Arc::clone(&self.0.shared),
            stage.to_owned(),
            address,
            table,
            self.0.epochs(application),
            self.0.shared.metrics.counts(RouteLabels {
                application: application.to_owned(),
                route: "none".to_owned(),
                service: String::new(),
            }),
        ));
        let accepting = self.0.workers.accept(listener, Arc::clone(&site));
        self.0.opened.store(true, Ordering::Relaxed);
        applications.insert(
            application.to_owned(),
            Application {
                site,
                listening: Some(Listening { socket, accepting }),
                earlier: Vec::new(),
            },
        );
        Ok(address)
    }

    /// Closes an application that is given up: no connection is let in any more, and idle ones end at once. Ends when
    /// what is in flight is answered, or broken off after `drain`.
    pub fn close(&self, application: &str, drain: Duration) -> impl Future<Output = ()> + use<> {
        let closed = self.0.applications().remove(application);
        async move {
            if let Some(mut closed) = closed {
                closed.end(Duration::ZERO, drain, mpsc::channel(1).0).await;
            }
        }
    }

    /// Ends all applications, so that no client is cut off. None is opened from now on.
    ///
    /// 1. The ports close. Connections that wait to be accepted are accepted before that.
    /// 2. For `announce`, connections serve on, and each is told that it ends: by `Connection: close` in its next answer
    ///    (RFC 9112, 9.6), or by GOAWAY (RFC 9113, 6.8). Then idle ones are closed, and no request begins any more.
    /// 3. What is in flight has `drain` from the beginning to be answered. Then it is broken off.
    ///
    /// The future ends after step 3, and `quiet` is sent after step 2.
    pub fn drain(
        &self,
        announce: Duration,
        drain: Duration,
        quiet: oneshot::Sender<()>,
    ) -> impl Future<Output = ()> + use<> {
        let (closing, mut closed) = mpsc::channel(1);
        let mut applications = self.0.applications();
        self.0.drains.store(true, Ordering::Relaxed);
        let ends = applications.values_mut().map(|one| one.end(announce, drain, closing.clone()));
        let ends: Vec<_> = ends.collect();
        drop(applications);
        async move {
            drop(closing);
            let mut ending: JoinSet<()> = ends.into_iter().collect();
            // Each drops its sender, and sends nothing.
            closed.recv().await;
            // An error means that nothing waits for it.
            let _ = quiet.send(());
            while ending.join_next().await.is_some() {}
        }
    }

    /// The private authorities that services may name.
    pub fn authorities(&self) -> &PrivateAuthorities {
        &self.0.shared.settings.authorities
    }

    /// Whether it has listened for any application.
    pub fn has_opened(&self) -> bool {
        self.0.opened.load(Ordering::Relaxed)
    }

    /// Whether it ends: no application is opened any more.
    pub fn drains(&self) -> bool {
        self.0.drains.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for DataPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataPlane").field("shared", &self.0.shared).finish_non_exhaustive()
    }
}

impl Plane {
    fn applications(&self) -> MutexGuard<'_, HashMap<String, Application>> {
        lock(&self.applications)
    }
}

/// Looks at the files of certificates now and then.
async fn keep_current(certificate: Option<Certificate>, authorities: PrivateAuthorities) {
    let mut looks = interval(limits::CERTIFICATE_TIME);
    loop {
        looks.tick().await;
        let (certificate, authorities) = (certificate.clone(), authorities.clone());
        let look = move || {
            certificate.iter().for_each(Certificate::look);
            authorities.look();
        };
        // It fails only if the runtime ends.
        let _ = spawn_blocking(look).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
