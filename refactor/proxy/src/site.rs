//! One application as its requests see it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use arc_swap::ArcSwap;
use runtime::{Crowd, Place};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::task::{self, AbortHandle};
use tokio_util::either::Either;

use crate::copies::Shadows;
use crate::kept::Budget;
use crate::metrics::{Counts, Metrics};
use crate::ownership::{Epochs, SharedOwnership};
use crate::settings::Settings;
use crate::target::RouteTable;
use crate::turns::Turns;

/// What all applications share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shadows: Shadows,
    pub(crate) ownership: SharedOwnership,
    /// Places for clients: one for each connection, and one for each further stream of HTTP/2 that is under way.
    pub(crate) crowd: Arc<Crowd>,
    /// Room for answers that are read before their clients take them.
    pub(crate) ahead: Budget,
    /// Turns of clients, one for each worker.
    pub(crate) turns: Arc<[Arc<Turns>]>,
    /// Places for tunnels.
    pub(crate) tunnels: Arc<Crowd>,
    /// This proxy's name in `Via`, unlike that of any other: its own requests coming back are a loop.
    pub(crate) pseudonym: String,
}

/// How far a site has come with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It serves.
    Open,
    /// Each connection ends with the exchange that it is in, and is told so: HTTP/1 in its next answer, HTTP/2 and
    /// tunnels at once.
    Leaving,
    /// A connection that is idle ends too.
    Closing,
}

/// An application's listener and its routes.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) shared: Arc<Shared>,
    /// The first segment of its paths; empty if it is at the root.
    pub(crate) stage: String,
    /// The address and the port that it listens on.
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) table: ArcSwap<RouteTable>,
    pub(crate) epochs: Arc<Epochs>,
    /// Of requests that no route takes.
    pub(crate) unrouted: Arc<Counts>,
    phase: AtomicU8,
    /// Wakes idle connections, worker by worker, so that workers do not wait for each other.
    drains: Box<[Notify]>,
    /// How many connections there are, with those on their way to their worker.
    open: AtomicUsize,
    connections: Mutex<HashMap<task::Id, AbortHandle>>,
    empty: Notify,
}

impl Site {
    pub(crate) fn new(
        shared: Arc<Shared>,
        stage: String,
        address: SocketAddr,
        table: RouteTable,
        epochs: Arc<Epochs>,
        unrouted: Arc<Counts>,
    ) -> Self {
        Self {
            stage,
            ip: address.ip(),
            port: address.port(),
            table: ArcSwap::from_pointee(table),
            epochs,
            unrouted,
            phase: AtomicU8::new(Phase::Open as u8),
            drains: (0..shared.settings.workers).map(|_| Notify::new()).collect(),
            open: AtomicUsize::new(0),
            connections: Mutex::default(),
            empty: Notify::new(),
            shared,
        }
    }

    /// Whether clients ask by https, and at which port.
    pub(crate) fn asked(&self) -> (bool, u16) {
        (self.settings().certificate.is_some(), self.port)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// A place for a connection or a stream from this address; none if its client has its share of them.
    pub(crate) fn admit(&self, peer: IpAddr) -> Option<Place> {
        let crowd = &self.shared.crowd;
        match self.settings().trusted_proxies.contain(peer) {
            true => crowd.enter_for_many(),
            false => crowd.enter(peer),
        }
    }

    /// A task that serves this address, on this worker. It shares the worker with those of other clients, unless a proxy in
    /// front asks, which does so for many.
    pub(crate) fn share<T: Future>(
        &self,
        peer: IpAddr,
        worker: usize,
        task: T,
    ) -> impl Future<Output = T::Output> + use<T> {
        let trusted = self.settings().trusted_proxies.contain(peer);
        match self.shared.turns.get(worker).filter(|_| !trusted) {
            Some(turns) => Either::Left(turns.share(turns.of(peer), task)),
            None => Either::Right(task),
        }
    }

    /// Whether it has come so far with its end.
    pub(crate) fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) >= phase as u8
    }

    /// Goes on to a later phase, and tells all connections.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::Release);
        self.drains.iter().for_each(Notify::notify_waiters);
    }

    /// Notes the task that serves a connection; it holds a [`Counted`].
    pub(crate) fn serves(&self, task: AbortHandle) {
        self.connections().insert(task.id(), task);
    }

    /// Waits until no connection is left.
    pub(crate) async fn emptied(&self) {
        loop {
            let mut emptied = std::pin::pin!(self.empty.notified());
            emptied.as_mut().enable();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Ends all connections at once.
    pub(crate) fn abort(&self) {
        self.connections().values().for_each(AbortHandle::abort);
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<task::Id, AbortHandle>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, from the moment it was accepted for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Site>);

impl Counted {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        site.shared.metrics.connections.inc();
        site.open.fetch_add(1, Ordering::AcqRel);
        Self(site)
    }

    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.shared.metrics.connections.dec();
        if let Some(task) = task::try_id() {
            self.0.connections().remove(&task);
        }
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.empty.notify_waiters();
        }
    }
}

/// Tells a connection that its site comes to its end.
pub(crate) struct DrainSignal<'a> {
    site: &'a Site,
    worker: usize,
    notified: Option<Pin<Box<Notified<'a>>>>,
}

impl<'a> DrainSignal<'a> {
    pub(crate) fn new(site: &'a Site, worker: usize) -> Self {
        Self { site, worker, notified: None }
    }

    /// Ready once the site is at this phase or a later one.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, phase: Phase) -> Poll<()> {
        // Waits first and looks afterwards, so that nothing is missed in between.
        while let Some(drain) = self.site.drains.get(self.worker) {
            let notified = self.notified.get_or_insert_with(|| Box::pin(drain.notified()));
            let told = notified.as_mut().poll(context);
            if self.site.is(phase) {
                return Poll::Ready(());
            }
            ready!(told);
            self.notified = None;
        }
        Poll::Pending
    }
}
