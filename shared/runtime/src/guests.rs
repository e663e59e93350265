//! Connections of clients that may belong to any client. When a client has its share of them, its next one takes the place of the
//! one that waits for longest, so that connections that are only held keep out no request, not even of the same client.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::crowd::{client_network, is_fair};

/// The connections of a port, by client.
#[derive(Debug)]
pub struct Guests {
    most: usize,
    present: Mutex<Present>,
}

#[derive(Debug, Default)]
struct Present {
    count: usize,
    /// Those of each client, the oldest first.
    by: HashMap<IpAddr, VecDeque<Arc<Guest>>>,
}

/// One connection, as its requests see it.
#[derive(Debug, Default)]
pub struct Guest {
    working: AtomicBool,
    welcome: AtomicBool,
    closed: AtomicBool,
    waker: AtomicWaker,
}

/// Counts a connection until it is dropped.
#[derive(Debug)]
pub(crate) struct GuestPlace {
    guests: Arc<Guests>,
    client: IpAddr,
    pub(crate) guest: Arc<Guest>,
}

impl Guests {
    /// At most so many connections at once; one client gets a share ([`is_fair`]).
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, present: Mutex::default() }
    }

    /// A place for a connection; none if its client has its share, and a request is carried out on each.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<GuestPlace> {
        let client = client_network(address);
        let mut present = self.present();
        let count = present.count;
        let own = present.by.entry(client).or_default();
        if !is_fair(own.len(), count, self.most) {
            let waits = |guest: &Arc<Guest>| !guest.is_working();
            let Some(oldest) = own.iter().position(waits).and_then(|place| own.remove(place))
            else {
                if own.is_empty() {
                    present.by.remove(&client);
                }
                return None;
            };
            present.count -= 1;
            oldest.close();
        }
        let guest = Arc::new(Guest::default());
        present.by.entry(client).or_default().push_back(Arc::clone(&guest));
        present.count += 1;
        Some(GuestPlace { guests: Arc::clone(self), client, guest })
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Notes that a request begins, of which nothing is known yet.
    pub fn arrive(&self) {
        self.welcome.store(false, Ordering::Relaxed);
    }

    /// Notes that the client may make this request: it is carried out, and its connection stays afterwards.
    pub fn work(&self) {
        self.welcome.store(true, Ordering::Relaxed);
        self.working.store(true, Ordering::Release);
    }

    /// Notes that the request was answered; says whether the connection stays.
    pub fn rest(&self) -> bool {
        self.working.store(false, Ordering::Release);
        self.welcome.load(Ordering::Relaxed)
    }

    /// Whether a request is carried out.
    pub(crate) fn is_working(&self) -> bool {
        self.working.load(Ordering::Acquire)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Ready once another connection has its place.
    pub(crate) fn poll_closed(&self, context: &Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        if self.closed.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for GuestPlace {
    fn drop(&mut self) {
        let mut present = self.guests.present();
        let Some(own) = present.by.get_mut(&self.client) else { return };
        let place = own.iter().position(|guest| Arc::ptr_eq(guest, &self.guest));
        let left = place.and_then(|place| own.remove(place)).is_some();
        if own.is_empty() {
            present.by.remove(&self.client);
        }
        present.count -= usize::from(left);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::task::{Context, Waker};

    use super::{GuestPlace, Guests};

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn is_closed(place: &GuestPlace) -> bool {
        place.guest.poll_closed(&Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_oldest_that_waits_makes_room_for_the_next_of_its_client() {
        let guests = Arc::new(Guests::new(8));
        let places: Vec<_> = (0..6).map(|_| guests.enter(CLIENT).unwrap()).collect();
        places[0].guest.work();
        let next = guests.enter(CLIENT).unwrap();
        let closed: Vec<_> = places.iter().map(is_closed).collect();
        assert_eq!(closed, [false, true, false, false, false, false]);
        let other = guests.enter([10, 0, 0, 2].into()).unwrap();
        assert!(!is_closed(&next) && !is_closed(&other), "another client has places of its own");
        drop((places, next, other));
        assert!(guests.present().by.is_empty());
        assert_eq!(guests.present().count, 0);
    }

    #[test]
    fn a_request_that_is_carried_out_keeps_its_place() {
        let guests = Arc::new(Guests::new(1));
        let place = guests.enter(CLIENT).unwrap();
        place.guest.arrive();
        place.guest.work();
        assert!(guests.enter(CLIENT).is_none());
        assert!(place.guest.rest(), "its connection stays");
        assert!(guests.enter(CLIENT).is_some());
        assert!(is_closed(&place));
        place.guest.arrive();
        assert!(!place.guest.rest(), "the client of the next request is not known yet");
    }
}
