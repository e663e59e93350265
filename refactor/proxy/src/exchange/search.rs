//! What a request that looks for its primary may cost, and how it waits.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use runtime::BackOff;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::ended::Ended;
use crate::client_exchange::{ClientExchange, Left};
use crate::deadline::Deadline;
use crate::limits::{
    CHASE_PAUSE, CHASE_TIME, READ_PAUSE, SAID_TIME, WAITING_READS, WAITING_SAID, WAITING_WRITES,
};
use crate::metrics::Chases;
use crate::ownership::SharedOwnership;

/// What begins with the first answer that is not the client's.
pub(super) struct Search<'a> {
    until: Instant,
    pauses: BackOff,
    places: &'a Semaphore,
    waiting: Option<Waiting<'a>>,
}

/// A request that waits; it leaves its place when this is dropped.
struct Waiting<'a> {
    since: Instant,
    chases: &'a Chases,
    _place: SemaphorePermit<'a>,
}

/// The request that is looked for a service for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// A write.
    Write,
    /// A read.
    Read,
    /// A read of which only the client says how far a service must have come.
    Said,
}

impl Sought {
    /// For how long one request may look, and how many wait at once.
    fn limits(self) -> (Duration, usize) {
        match self {
            Self::Write => (CHASE_TIME, WAITING_WRITES),
            Self::Read => (CHASE_TIME, WAITING_READS),
            Self::Said => (SAID_TIME, WAITING_SAID),
        }
    }

    /// These limits, for a client that met one.
    pub(super) fn says(self) -> String {
        let (time, most) = self.limits();
        let seconds = time.as_secs();
        format!(
            "The proxy looks for one for {seconds} s, for {most} such requests at once; no setting changes these limits"
        )
    }
}

impl<'a> Search<'a> {
    pub(super) fn begin(ownership: &'a SharedOwnership, sought: Sought) -> Self {
        let (places, pauses) = match sought {
            Sought::Write => (&ownership.waiting_writes, CHASE_PAUSE),
            Sought::Read => (&ownership.waiting_reads, READ_PAUSE),
            Sought::Said => (&ownership.waiting_said, READ_PAUSE),
        };
        let (time, _) = sought.limits();
        Self { until: Instant::now() + time, pauses, places, waiting: None }
    }

    /// Whether its time is up.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Waits before the candidates are asked again; the last wait ends when the time is up. Returns false if the
    /// search took too long already, or too many requests wait.
    ///
    /// # Errors
    /// If the client left meanwhile.
    pub(super) async fn wait<C: ClientExchange>(
        &mut self,
        client: &mut C,
        chases: &'a Chases,
    ) -> Result<bool, Ended> {
        let Some(time) = self.next_pause(chases) else { return Ok(false) };
        pause(client, Deadline::after(time)).await?;
        Ok(true)
    }

    /// How long to wait before all are asked again; none if it took too long already, or too many requests wait.
    fn next_pause(&mut self, chases: &'a Chases) -> Option<Duration> {
        if self.waiting.is_none() {
            let place = self.places.try_acquire();
            self.waiting = place.ok().map(|place| Waiting::new(chases, place));
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if self.waiting.is_none() || left.is_zero() {
            return None;
        }
        Some(self.pauses.wait().min(left))
    }
}

impl<'a> Waiting<'a> {
    fn new(chases: &'a Chases, place: SemaphorePermit<'a>) -> Self {
        chases.waited.inc();
        chases.waiting.inc();
        Self { since: Instant::now(), chases, _place: place }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.chases.waiting.dec();
        self.chases.wait.observe(self.since.elapsed().as_secs_f64());
    }
}

/// Waits, but not for a client that left.
async fn pause<C: ClientExchange>(client: &mut C, mut time: Deadline) -> Result<(), Ended> {
    let waited = poll_fn(|context| {
        if client.poll_left(context) == Poll::Ready(Left::Gone) {
            return Poll::Ready(Err(Ended::Gone));
        }
        time.poll(context).map(Ok)
    });
    waited.await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Search, Sought};
    use crate::metrics::Metrics;
    use crate::ownership::SharedOwnership;

    /// For how long a search waits in all, and how often.
    async fn waits<'a>(search: Search<'a>, metrics: &'a Metrics) -> (Duration, u32) {
        let (start, mut search, mut count) = (Instant::now(), search, 0);
        while let Some(pause) = search.next_pause(&metrics.chases) {
            assert!(!search.is_late());
            advance(pause).await;
            count += 1;
        }
        assert!(search.is_late());
        (start.elapsed(), count)
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_waits_until_its_time_is_up_and_no_longer() {
        let (ownership, metrics) = (SharedOwnership::new(false, false), Metrics::new());
        let (five, one) = (Duration::from_secs(5), Duration::from_secs(1));
        assert_eq!(waits(Search::begin(&ownership, Sought::Write), &metrics).await, (five, 203));
        assert_eq!(waits(Search::begin(&ownership, Sought::Read), &metrics).await, (five, 24));
        assert_eq!(waits(Search::begin(&ownership, Sought::Said), &metrics).await, (one, 8));
        assert_eq!((metrics.chases.waited.get(), metrics.chases.waiting.get()), (3, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_places_are_taken_it_does_not_wait() {
        let (ownership, metrics) = (SharedOwnership::new(false, false), Metrics::new());
        let _all = ownership.waiting_writes.try_acquire_many(1_024).unwrap();
        let mut search = Search::begin(&ownership, Sought::Write);
        assert_eq!(search.next_pause(&metrics.chases), None);
        assert_eq!(metrics.chases.waited.get(), 0);
    }
}
