//! Places that clients share, so that no client can take all of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether a client that holds `held` of `most` places may take one more, if all clients together hold `taken`: it may hold
/// three times what it leaves free, and the last place goes to one that has none. One client alone gets three quarters of the
/// places, and however many do what they can, each newcomer finds some free ("dynamic threshold": Choudhury and Hahne, 1998).
/// One or two places are not shared: a client may take both.
#[must_use]
pub fn is_fair(held: usize, taken: usize, most: usize) -> bool {
    let free = most.saturating_sub(taken);
    held < free.saturating_mul(3) && (free > 1 || held == 0 || most <= 2)
}

/// What stands for a client: its address, or for IPv6 the network of 64 bits that one customer gets.
#[must_use]
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    }
}

/// Places that clients take for as long as they need them.
#[derive(Debug)]
pub struct Crowd {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    taken: usize,
    by: HashMap<IpAddr, usize>,
}

/// A place, or several as one. Its client leaves it when this is dropped.
#[derive(Debug)]
pub struct Place {
    crowd: Arc<Crowd>,
    client: Option<IpAddr>,
    size: usize,
}

impl Crowd {
    /// So many places, all free.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// A place, unless the client has its share ([`is_fair`]) of them.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        self.take(address, 1)
    }

    /// So many places as one, if they are free and the client has not its share of them.
    pub fn take(self: &Arc<Self>, address: IpAddr, size: usize) -> Option<Place> {
        let client = client_network(address);
        let mut held = self.held();
        let taken = held.taken;
        let count = held.by.entry(client).or_default();
        if size <= self.most - taken && is_fair(*count, taken, self.most) {
            *count += size;
            held.taken += size;
            return Some(Place { crowd: Arc::clone(self), client: Some(client), size });
        }
        if *count == 0 {
            held.by.remove(&client);
        }
        None
    }

    /// Whether a client would get a place now.
    pub fn has_room_for(&self, address: IpAddr) -> bool {
        let held = self.held();
        let count = held.by.get(&client_network(address)).copied().unwrap_or_default();
        held.taken < self.most && is_fair(count, held.taken, self.most)
    }

    /// A place for one that asks for many clients, such as a load balancer: it has no share.
    pub fn enter_for_many(self: &Arc<Self>) -> Option<Place> {
        let mut held = self.held();
        (held.taken < self.most).then(|| {
            held.taken += 1;
            Place { crowd: Arc::clone(self), client: None, size: 1 }
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.crowd.held();
        held.taken -= self.size;
        if let Some(client) = self.client
            && let Some(count) = held.by.get_mut(&client)
        {
            *count -= self.size;
            if *count == 0 {
                held.by.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Crowd, client_network};

    #[test]
    fn each_newcomer_finds_a_place_however_many_take_all_they_can() {
        let crowd = Arc::new(Crowd::new(1_000));
        let take = |client: u8| {
            std::iter::from_fn(|| crowd.enter([10, 0, 0, client].into())).collect::<Vec<_>>()
        };
        let first = take(1);
        assert_eq!(first.len(), 750);
        let others: Vec<_> = (2..=4).map(take).collect();
        assert!(others.iter().all(|held| !held.is_empty()), "{others:?}");
        assert!(crowd.has_room_for([10, 0, 0, 5].into()));
        assert!(crowd.enter([10, 0, 0, 5].into()).is_some());
        assert!(!crowd.has_room_for([10, 0, 0, 1].into()), "it has its share");
        drop((first, others));
        assert_eq!(take(6).len(), 750);
        let all: Vec<_> = std::iter::from_fn(|| crowd.enter_for_many()).collect();
        assert_eq!(all.len(), 1_000, "a load balancer gets all");
        drop(all);
        assert_eq!(crowd.held().by.len(), 0, "what left is forgotten");
    }

    #[test]
    fn few_places_are_shared_too_but_for_one_and_two() {
        for (most, share) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (8, 6)] {
            let crowd = Arc::new(Crowd::new(most));
            let first: Vec<_> = std::iter::from_fn(|| crowd.enter([10, 0, 0, 1].into())).collect();
            assert_eq!(first.len(), share, "of {most}");
            assert_eq!(crowd.enter([10, 0, 0, 2].into()).is_some(), most > 2, "of {most}");
        }
    }

    #[test]
    fn a_customer_is_one_client_whatever_its_addresses() {
        let network = |address: &str| client_network(address.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(network("10.1.2.3"), "10.1.2.3");
    }
}
