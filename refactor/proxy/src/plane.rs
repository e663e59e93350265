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

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fmt, io};

use canary::CanaryTally;
use public_urls::Origin;
use routes::{Route, RouteChange};
use runtime::Crowd;
use shadow::ShadowReport;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::interval;

use super::application::{Application, Listening};
use super::beside::{Beside, OtherProcess};
use super::certificate::Certificate;
use super::copies::Shadows;
use super::kept::Budget;
use super::metrics::{Metrics, RouteLabels, RouteTraffic};
use super::ownership::{Epoch, Epochs, SharedOwnership};
use super::private_authorities::PrivateAuthorities;
use super::route_limits::RouteLimits;
use super::settings::Settings;
use super::shadow_report::report;
use super::site::{Shared, Site};
use super::split::Split;
use super::target::{RouteTable, RouteTarget};
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

    /// Replaces the whole table; live for every request that begins after this returns. Does nothing
    /// for an application that is not open.
    pub fn set_routes(&self, application: &str, routes: Vec<Route>) {
        self.0.replace(application, |old| self.0.table(application, routes, old));
    }

    /// Changes some routes, all at once; live for every request that begins after this returns. Does nothing for
    /// an application that is not open.
    pub fn change_routes(&self, application: &str, changes: Vec<RouteChange>) {
        self.0.replace(application, |old| {
            old.with(changes.into_iter().map(|change| match change {
                RouteChange::Remove(id) => (id, None),
                RouteChange::Put(route) => {
                    let id = route.id.clone();
                    let target = self.0.target(application, route, old);
                    if let Some(target) = &target
                        && old
                            .get(&id)
                            .is_none_or(|known| !known.service.shares_upstream(&target.service))
                    {
                        self.0.shared.ownership.writes.has_another();
                    }
                    (id, target)
                }
            }))
        });
    }

    /// Says in which epoch a collection of an application is now, and none if it does not move any more. Paths with the
    /// segment `-` behind the name of a collection that moves are not forwarded. What a store
    /// that was asked after that answers in an earlier one counts no more: a write is 502, a read is asked of another
    /// service. What was asked before it is 502 only if it may be lost.
    pub fn set_epoch(&self, application: &str, collection: &str, epoch: Option<Epoch>) {
        self.0.epochs(application).set(collection, epoch);
        // Requests that began there are not told. An answer to them counts, unless what it says may be lost.
        let loses = epoch.is_some_and(|epoch| epoch.lost_below > 0);
        self.0.other.wait_for(if loses { Beside::Gone } else { Beside::Finishing });
    }

    /// Says in which epochs the collections are, by application; those that are not said are in none that is known.
    pub fn set_epochs(&self, mut epochs: BTreeMap<String, BTreeMap<String, Epoch>>) {
        let known = |epochs: &HashMap<String, _>| epochs.keys().cloned().collect::<Vec<_>>();
        for application in known(&self.0.epochs.lock().unwrap_or_else(PoisonError::into_inner)) {
            epochs.entry(application).or_default();
        }
        for (application, collections) in epochs {
            self.0.epochs(&application).set_all(collections);
        }
    }

    /// What was seen of a route's canary since this was last called, or the route was last changed.
    pub fn take_canary_tally(&self, application: &str, route: &str) -> CanaryTally {
        let applications = self.0.applications();
        let table = applications.get(application).map(|found| found.site.table.load());
        let target = table.as_ref().and_then(|table| table.get(route));
        let canary = target.and_then(|target| target.split.as_ref()?.canary.as_ref());
        canary.map(|canary| canary.tally.take()).unwrap_or_default()
    }

    /// Whether an upload is under way that began with earlier routes and could not be sent to another service. If a
    /// route was made since, and its service is to become the primary, such an upload has to be waited for. Nothing is
    /// known of those of another process, so there may be one for as long as it is there.
    pub fn has_earlier_uploads(&self, application: &str) -> bool {
        if !self.0.other.is_gone() {
            return true;
        }
        let applications = self.0.applications();
        let application = applications.get(application);
        let mut earlier = application.into_iter().flat_map(|found| &found.earlier);
        earlier.any(|uploads| uploads.strong_count() > 0)
    }

    /// What was counted of each route.
    pub fn traffic(&self) -> Vec<RouteTraffic> {
        self.0.shared.metrics.traffic()
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

    /// What was counted, in the text format of OpenMetrics.
    ///
    /// # Errors
    /// If a metric cannot be written.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        self.0.shared.metrics.text()
    }

    /// What the shadows of all routes found, without their differences.
    pub fn shadows(&self) -> Vec<ShadowReport> {
        let applications = self.0.applications();
        let mut found: Vec<_> = applications
            .iter()
            .flat_map(|(id, application)| {
                let table = application.site.table.load();
                table.all().filter_map(|target| report(id, target, None)).collect::<Vec<_>>()
            })
            .collect();
        found.sort_by(|one, other| (&one.path, &one.route).cmp(&(&other.path, &other.route)));
        found
    }

    /// What the shadow of a route found, with its last differences; nothing if there is no such route, or it mirrors
    /// nothing.
    pub fn shadow(&self, route: &str) -> Option<ShadowReport> {
        let found = self.0.applications().iter().find_map(|(id, application)| {
            Some((id.clone(), Arc::clone(application.site.table.load().get(route)?)))
        });
        let (application, target) = found?;
        report(&application, &target, Some(self.0.shared.shadows.differences()))
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

    /// The epochs of an application's collections.
    fn epochs(&self, application: &str) -> Arc<Epochs> {
        let mut epochs = lock(&self.epochs);
        Arc::clone(epochs.entry(application.to_owned()).or_default())
    }

    /// Puts another table in the place of an application's.
    fn replace(&self, application: &str, make: impl FnOnce(&RouteTable) -> RouteTable) {
        // Held to the end: of two calls the later one must win.
        let mut applications = self.applications();
        let Some(Application { site, earlier, .. }) = applications.get_mut(application) else {
            return;
        };
        let old = site.table.load();
        let table = make(&old).after(&old);
        let old = site.table.swap(Arc::new(table));
        earlier.retain(|uploads| uploads.strong_count() > 0);
        earlier.push(Arc::downgrade(&old.uploads));
        // To drop a large table takes as long as to make one, so no request waits for it.
        self.workers.accepting().spawn_blocking(move || drop(old));
        drop(applications);
        self.other.wait_for(Beside::Finishing);
    }

    /// A table of these routes.
    fn table(&self, application: &str, routes: Vec<Route>, old: &RouteTable) -> RouteTable {
        RouteTable::new(routes.into_iter().filter_map(|route| self.target(application, route, old)))
    }

    /// What a request to a route needs: the same as before if the route is the same.
    fn target(
        &self,
        application: &str,
        route: Route,
        old: &RouteTable,
    ) -> Option<Arc<RouteTarget>> {
        if let Some(same) = old.get(&route.id).filter(|target| target.route == route) {
            return Some(Arc::clone(same));
        }
        let Some(origin) = Origin::of(&route.upstream) else {
            log::error!("route {}: {} is no http or https URL", route.id, route.upstream);
            return None;
        };
        let patience = self.shared.settings.patience.tagged(&route.tags);
        let split = Split::tagged(&route.tags, &route.service);
        let counts = self.shared.metrics.counts(RouteLabels {
            application: application.to_owned(),
            route: route.id.clone(),
            service: route.service.clone(),
        });
        let limits = RouteLimits::tagged(&self.shared.settings, &route.tags);
        let authorities = &self.shared.settings.authorities;
        let authority = route.tags.get(PrivateAuthorities::TAG).map(|name| authorities.get(name));
        let upstream = self.upstreams.get(origin, authority);
        Some(Arc::new(RouteTarget::new(route, upstream, patience, limits, split, counts)))
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
