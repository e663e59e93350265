//! The requests that are under way at one upstream, and those that wait until fewer are.
//!
//! Up to a quarter of the most that may be under way, one atomic number is all. Beyond that the requests of each client are
//! counted, so that none takes all places ([`is_fair`]); a request without a place waits for a moment.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::{client_network, is_fair};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::limits::{PLACE_TIME, WAITING_PLACES};

/// What is under way at an upstream.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    taken: AtomicUsize,
    /// The connections that are open, idle ones too.
    open: AtomicUsize,
    /// As many as wait in `crowd`, so that others need not look.
    waiting: AtomicUsize,
    crowd: Mutex<HashMap<IpAddr, Requests>>,
}

/// The requests of one client that are counted.
#[derive(Debug, Default)]
struct Requests {
    held: usize,
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    most: usize,
    give: oneshot::Sender<RequestPlace>,
}

/// A connection that is open or being made, until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(Arc<InFlight>);

/// When a request gets its place.
enum Turn {
    Now(RequestPlace),
    Later(oneshot::Receiver<RequestPlace>),
    /// Its client has its share of the places and of the queue.
    Never,
}

/// A request's place at its upstream, left when this is dropped.
#[derive(Debug)]
pub(crate) struct RequestPlace {
    at: Arc<InFlight>,
    /// The client for which it is counted.
    client: Option<IpAddr>,
}

impl InFlight {
    /// A place for a request from this address if fewer than `most` are taken, at once or after at most [`PLACE_TIME`].
    pub(crate) async fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        most: usize,
    ) -> Option<RequestPlace> {
        let few = |taken: usize| (taken < most / 4).then_some(taken + 1);
        if self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, few).is_ok() {
            return Some(RequestPlace { at: Arc::clone(self), client: None });
        }
        match self.queue(client_network(address), most) {
            Turn::Now(place) => Some(place),
            Turn::Later(turn) => timeout(PLACE_TIME, turn).await.ok()?.ok(),
            Turn::Never => None,
        }
    }

    /// Counts a connection that is made now; also says how many there were.
    pub(super) fn open(self: &Arc<Self>) -> (Open, usize) {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        (Open(Arc::clone(self)), before)
    }

    /// Whether a request waits for a place.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn queue(self: &Arc<Self>, client: IpAddr, most: usize) -> Turn {
        let mut crowd = self.crowd();
        let requests = crowd.entry(client).or_default();
        self.forget_closed(requests);
        let taken = self.taken.load(Ordering::Relaxed);
        if requests.waiting.is_empty() && is_fair(requests.held, taken, most) {
            return Turn::Now(self.give(client, requests));
        }
        let waiting = self.waiting.load(Ordering::Relaxed);
        if !is_fair(requests.waiting.len(), waiting, WAITING_PLACES) {
            return Turn::Never;
        }
        let (give, turn) = oneshot::channel();
        requests.waiting.push_back(Waiter { most, give });
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Turn::Later(turn)
    }

    fn give(self: &Arc<Self>, client: IpAddr, requests: &mut Requests) -> RequestPlace {
        requests.held += 1;
        self.taken.fetch_add(1, Ordering::Relaxed);
        RequestPlace { at: Arc::clone(self), client: Some(client) }
    }

    /// Gives a free place to the request that waits and whose client holds the fewest.
    fn pass_on(self: &Arc<Self>) {
        let mut crowd = self.crowd();
        crowd.retain(|_, requests| {
            self.forget_closed(requests);
            requests.held > 0 || !requests.waiting.is_empty()
        });
        let taken = self.taken.load(Ordering::Relaxed);
        let fair = |requests: &Requests| {
            let first = requests.waiting.front();
            first.is_some_and(|first| is_fair(requests.held, taken, first.most))
        };
        let waiting = crowd.iter_mut().filter(|(_, requests)| fair(requests));
        let Some((client, requests)) = waiting.min_by_key(|(_, requests)| requests.held) else {
            return;
        };
        let Some(waiter) = requests.waiting.pop_front() else { return };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let place = self.give(*client, requests);
        drop(crowd);
        // One that gave up just now does not take it, so it is passed on again.
        let _ = waiter.give.send(place);
    }

    /// Forgets the requests of a client that wait no longer.
    fn forget_closed(&self, requests: &mut Requests) {
        let before = requests.waiting.len();
        requests.waiting.retain(|waiter| !waiter.give.is_closed());
        self.waiting.fetch_sub(before - requests.waiting.len(), Ordering::Relaxed);
    }

    fn crowd(&self) -> MutexGuard<'_, HashMap<IpAddr, Requests>> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for RequestPlace {
    fn drop(&mut self) {
        self.at.taken.fetch_sub(1, Ordering::Relaxed);
        if let Some(client) = self.client {
            let mut crowd = self.at.crowd();
            if let Some(requests) = crowd.get_mut(&client) {
                requests.held -= 1;
                if requests.held == 0 && requests.waiting.is_empty() {
                    crowd.remove(&client);
                }
            }
        }
        if self.at.is_wanted() {
            self.at.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::{InFlight, PLACE_TIME, RequestPlace};

    const HOSTILE: [u8; 4] = [10, 0, 0, 1];
    const OTHER: [u8; 4] = [10, 0, 0, 2];

    /// All places that a client gets at once.
    async fn take_all(at: &Arc<InFlight>, client: [u8; 4], most: usize) -> Vec<RequestPlace> {
        let mut places = Vec::new();
        loop {
            let start = Instant::now();
            match at.enter(client.into(), most).await {
                Some(place) if start.elapsed().is_zero() => places.push(place),
                _ => return places,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_client_cannot_take_the_places_of_another() {
        for most in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_024] {
            let at = Arc::new(InFlight::default());
            let held = take_all(&at, HOSTILE, most).await;
            assert!(!held.is_empty() && held.len() <= most, "{most}: {}", held.len());
            let start = Instant::now();
            let other = at.enter(OTHER.into(), most).await;
            assert_eq!(other.is_some(), most > 2, "{most}");
            assert!(other.is_none() || start.elapsed().is_zero());
            let count = held.len();
            drop((held, other));
            assert_eq!(take_all(&at, OTHER, most).await.len(), count, "all are free again");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_place_and_not_for_long() {
        let at = Arc::new(InFlight::default());
        let held = at.enter(HOSTILE.into(), 1).await.unwrap();
        let start = Instant::now();
        assert!(at.enter(OTHER.into(), 1).await.is_none());
        assert_eq!(start.elapsed(), PLACE_TIME);
        let waits = tokio::spawn({
            let at = Arc::clone(&at);
            async move { at.enter(OTHER.into(), 1).await.is_some() }
        });
        harness::until("it waits", async || at.is_wanted()).await;
        drop(held);
        assert!(waits.await.unwrap());
        assert!(!at.is_wanted());
        assert!(at.crowd().is_empty(), "what left is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_gave_up_takes_no_turn() {
        let at = Arc::new(InFlight::default());
        let held = at.enter(HOSTILE.into(), 1).await.unwrap();
        let waits = tokio::spawn({
            let at = Arc::clone(&at);
            async move { at.enter(OTHER.into(), 1).await.is_some() }
        });
        harness::until("it waits", async || at.is_wanted()).await;
        waits.abort();
        assert!(waits.await.unwrap_err().is_cancelled());
        drop(held);
        assert!(at.enter(OTHER.into(), 1).await.is_some());
    }
}
