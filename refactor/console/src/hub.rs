//! Looks at the control plane for all pages at once, and only while one is open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use proxy::ShadowReport;
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::now_ms;
use crate::facts::Overview;
use crate::meter::Meter;
use crate::operations::Operations;
use crate::snapshot::Snapshot;
use crate::source::{Ask, ControlPlane};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// How often it looks while something is under way.
const OFTEN: Duration = Duration::from_millis(200);
/// How long what was counted stays after the last page: another page may be opened from it.
const LINGER: Duration = Duration::from_secs(5);
/// A page is made from a look that is at most so old.
const FRESH: Duration = Duration::from_millis(900);

/// The looks.
pub(crate) struct Hub {
    pub(crate) source: Arc<dyn ControlPlane>,
    pub(crate) operations: Operations,
    looks: Mutex<Looks>,
    /// The newest look.
    newest: watch::Sender<Option<Arc<Snapshot>>>,
    runs: AtomicBool,
    /// Something was begun, so that the next look comes at once.
    begun: Mutex<bool>,
    wakes: Condvar,
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct Looks {
    meter: Meter,
    last: Option<(Instant, u64, Arc<Snapshot>)>,
    overview: Arc<Overview>,
    overview_at_ms: i64,
    shadows: Vec<Arc<ShadowReport>>,
}

impl Hub {
    pub(crate) fn new(source: impl ControlPlane) -> Self {
        Self {
            source: Arc::new(source),
            operations: Operations::default(),
            looks: Mutex::default(),
            newest: watch::Sender::new(None),
            runs: AtomicBool::new(false),
            begun: Mutex::default(),
            wakes: Condvar::new(),
            closed: watch::Sender::new(false),
        }
    }

    /// A look that is fresh. Blocks.
    pub(crate) fn fresh(&self) -> Arc<Snapshot> {
        let mut looks = lock(&self.looks);
        if let Some((at, changes, last)) = &looks.last
            && at.elapsed() < FRESH
            && *changes == self.operations.changes()
        {
            return Arc::clone(last);
        }
        self.look(&mut looks)
    }

    /// A look from now on: what was done before it is in it. Blocks.
    pub(crate) fn look_now(&self) -> Arc<Snapshot> {
        self.look(&mut lock(&self.looks))
    }

    /// The looks from now on. While there is a receiver, a thread takes them.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
    ) -> std::io::Result<watch::Receiver<Option<Arc<Snapshot>>>> {
        let receiver = self.newest.subscribe();
        self.wake();
        if !self.runs.swap(true, Ordering::AcqRel) {
            let hub = Arc::clone(self);
            let begun = thread::Builder::new().name("console".into()).spawn(move || hub.run());
            if let Err(error) = begun {
                self.runs.store(false, Ordering::Release);
                return Err(error);
            }
        }
        Ok(receiver)
    }

    /// Whether the control plane stops: pages that are open are told.
    pub(crate) fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Tells all pages that the control plane stops.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Something was begun, or has ended: looks at once.
    pub(crate) fn wake(&self) {
        *lock(&self.begun) = true;
        self.wakes.notify_all();
    }

    fn run(&self) {
        loop {
            if self.newest.receiver_count() == 0 {
                self.pause(LINGER);
                if self.newest.receiver_count() > 0 {
                    continue;
                }
                lock(&self.looks).meter = Meter::default();
                self.runs.store(false, Ordering::Release);
                // A page may have been opened meanwhile, and have seen that this runs.
                let again = self.newest.receiver_count() > 0;
                if !again || self.runs.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
            let snapshot = self.look_now();
            let pause = if snapshot.is_busy() { OFTEN } else { EVERY };
            self.pause(pause);
        }
    }

    /// Waits for so long, or until something was begun.
    fn pause(&self, time: Duration) {
        let begun = lock(&self.begun);
        let waited = self.wakes.wait_timeout_while(begun, time, |begun| !*begun);
        let (mut begun, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *begun = false;
    }

    fn look(&self, looks: &mut Looks) -> Arc<Snapshot> {
        let (now, changes) = (now_ms(), self.operations.changes());
        let ask = Ask::of_operators("GET", "/-/overview", &Value::Null);
        let asked = self.source.ask(&ask).map_err(|refused| refused.message);
        let read = asked.and_then(|value| {
            serde_json::from_value::<Overview>(value)
                .map_err(|error| format!("the answer cannot be read: {error}"))
        });
        let failure = match read {
            Ok(overview) => {
                (looks.overview, looks.overview_at_ms) = (Arc::new(overview), now);
                None
            }
            Err(why) => Some(why),
        };
        looks.meter.add(Instant::now(), self.source.traffic());
        looks.shadows = self.shadows(&looks.shadows);
        let snapshot = Arc::new(Snapshot {
            at_ms: now,
            overview: Arc::clone(&looks.overview),
            overview_at_ms: looks.overview_at_ms,
            failure,
            shadows: looks.shadows.clone(),
            figures: looks.meter.figures().map(Arc::new),
            operations: self.operations.all(),
        });
        looks.last = Some((Instant::now(), changes, Arc::clone(&snapshot)));
        self.newest.send_replace(Some(Arc::clone(&snapshot)));
        snapshot
    }

    /// What the shadows found. Differences are long, so they are read only if there are others than before.
    fn shadows(&self, before: &[Arc<ShadowReport>]) -> Vec<Arc<ShadowReport>> {
        let now = self.source.shadows().into_iter();
        now.map(|found| {
            let same = |other: &&Arc<ShadowReport>| {
                other.route == found.route
                    && other.since == found.since
                    && other.counts.different == found.counts.different
            };
            let differences = match before.iter().find(same) {
                Some(before) => before.differences.clone(),
                None => self.source.shadow(&found.route).and_then(|whole| whole.differences),
            };
            Arc::new(ShadowReport { differences, ..found })
        })
        .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
