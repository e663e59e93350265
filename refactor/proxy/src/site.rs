//! One application as its requests see it.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::task::{self, AbortHandle};

use crate::metrics::{Counts, Metrics};
use crate::ownership::{Epochs, Ownership};
use crate::settings::Settings;
use crate::shadow::Shadows;
use crate::table::RouteTable;

/// What all applications share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shadows: Shadows,
    pub(crate) ownership: Ownership,
    /// This proxy's name in `Via`, unlike that of any other: its own requests coming back are a loop.
    pub(crate) pseudonym: String,
}

/// An application's listener and its routes.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stage: String,
    /// The port that it listens on.
    pub(crate) port: u16,
    pub(crate) table: ArcSwap<RouteTable>,
    pub(crate) epochs: Arc<Epochs>,
    /// Of requests that no route takes.
    pub(crate) unrouted: Arc<Counts>,
    draining: AtomicBool,
    /// Wakes idle connections, worker by worker, so that workers do not wait for each other.
    drains: Box<[Notify]>,
    connections: Mutex<HashMap<task::Id, AbortHandle>>,
    empty: Notify,
}

impl Site {
    pub(crate) fn new(
        shared: Arc<Shared>,
        stage: String,
        port: u16,
        table: RouteTable,
        epochs: Arc<Epochs>,
        unrouted: Arc<Counts>,
    ) -> Self {
        Self {
            stage,
            port,
            table: ArcSwap::from_pointee(table),
            epochs,
            unrouted,
            draining: AtomicBool::new(false),
            drains: (0..shared.settings.workers).map(|_| Notify::new()).collect(),
            connections: Mutex::default(),
            empty: Notify::new(),
            shared,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Whether connections are to end with the exchange they are in.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Ends idle connections now, the others after their exchange.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.drains.iter().for_each(Notify::notify_waiters);
    }

    /// Notes a connection that a task serves; the task holds a [`Counted`].
    pub(crate) fn connected(&self, task: AbortHandle) {
        self.shared.metrics.connections.inc();
        self.connections().insert(task.id(), task);
    }

    /// Waits until no connection is left.
    pub(crate) async fn emptied(&self) {
        loop {
            let mut emptied = std::pin::pin!(self.empty.notified());
            emptied.as_mut().enable();
            if self.connections().is_empty() {
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

/// Held by the task of a connection for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(pub(crate) Arc<Site>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.shared.metrics.connections.dec();
        let mut connections = self.0.connections();
        if let Some(task) = task::try_id() {
            connections.remove(&task);
        }
        if connections.is_empty() {
            self.0.empty.notify_waiters();
        }
    }
}

/// Tells an idle connection that its listener closes.
pub(crate) struct DrainSignal<'a> {
    site: &'a Site,
    notified: Option<Pin<Box<Notified<'a>>>>,
}

impl<'a> DrainSignal<'a> {
    pub(crate) fn new(site: &'a Site, worker: usize) -> Self {
        let notified = site.drains.get(worker).map(|drain| Box::pin(drain.notified()));
        Self { site, notified }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Waits first and looks afterwards, so that nothing is missed in between.
        let told = match &mut self.notified {
            Some(notified) => notified.as_mut().poll(context),
            None => Poll::Pending,
        };
        if self.site.is_draining() {
            return Poll::Ready(());
        }
        ready!(told);
        self.notified = None;
        Poll::Ready(())
    }
}
