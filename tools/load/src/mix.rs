//! What a client does next.

use fastrand::Rng;

use crate::content::Collection;
use crate::ledger::Ledger;

/// The choices of one client.
pub(crate) struct Mix {
    pub(crate) random: Rng,
    collections: Vec<Collection>,
}

/// One thing to do; a member is named by its place in the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClientAction {
    Make(Collection),
    /// With an `Idempotency-Key`, and again.
    MakeTwice(Collection),
    Patch(usize, Match),
    Put(usize, Match),
    Delete(usize, Match),
    Read(usize),
    List(Collection),
}

/// The `If-Match` of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    None,
    /// The state that it has.
    Present,
    /// Another state, so that the change must be refused.
    Other,
}

impl Mix {
    pub(crate) fn new(seed: u64, client: u32, collections: &[Collection]) -> Self {
        let random = Rng::with_seed(seed.wrapping_add(u64::from(client)));
        Self { random, collections: collections.to_vec() }
    }

    /// The next write.
    pub(crate) fn write(&mut self, ledger: &Ledger) -> ClientAction {
        let collection = self.collection();
        let choice = self.random.u32(0..100);
        let Some(place) = ledger.living(collection, &mut self.random) else {
            return ClientAction::Make(collection);
        };
        match choice {
            0..40 => ClientAction::Make(collection),
            40..50 => ClientAction::MakeTwice(collection),
            50..75 => ClientAction::Patch(place, self.precondition()),
            75..90 => ClientAction::Put(place, self.precondition()),
            _ => ClientAction::Delete(place, self.precondition()),
        }
    }

    /// The read that may come between two writes.
    pub(crate) fn read(&mut self, ledger: &Ledger) -> Option<ClientAction> {
        match self.random.u32(0..100) {
            0..30 => ledger.any(&mut self.random).map(ClientAction::Read),
            30..33 => Some(ClientAction::List(self.collection())),
            _ => None,
        }
    }

    fn collection(&mut self) -> Collection {
        // The command line takes no empty list.
        self.random.choice(&self.collections).copied().unwrap_or(Collection::Posts)
    }

    fn precondition(&mut self) -> Match {
        match self.random.u32(0..100) {
            0..30 => Match::Present,
            30..35 => Match::Other,
            _ => Match::None,
        }
    }
}
