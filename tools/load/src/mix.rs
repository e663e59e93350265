//! What a client does next.

use fastrand::Rng;

use super::content::Collection;
use super::ledger::Ledger;

/// The choices of one client.
pub(crate) struct Mix {
    pub(crate) random: Rng,
    collections: Vec<Collection>,
}

/// One thing to do; a member is named by its place in the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
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
    pub(crate) fn write(&mut self, ledger: &Ledger) -> Action {
        let collection = self.collection();
        let choice = self.random.u32(0..100);
        let Some(place) = ledger.living(collection, &mut self.random) else {
            return Action::Make(collection);
        };
        match choice {
            0..40 => Action::Make(collection),
            40..50 => Action::MakeTwice(collection),
            50..75 => Action::Patch(place, self.precondition()),
            75..90 => Action::Put(place, self.precondition()),
            _ => Action::Delete(place, self.precondition()),
        }
    }

    /// The read that may come between two writes.
    pub(crate) fn read(&mut self, ledger: &Ledger) -> Option<Action> {
        match self.random.u32(0..100) {
            0..30 => ledger.any(&mut self.random).map(Action::Read),
            30..33 => Some(Action::List(self.collection())),
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

#[cfg(test)]
mod tests {
    use super::{Action, Mix};
    use crate::load::content::{Collection, Content};
    use crate::load::ledger::Ledger;

    fn actions(seed: u64, client: u32, collections: &[Collection]) -> Vec<String> {
        let (mut mix, mut ledger) = (Mix::new(seed, client, collections), Ledger::new(7, 0));
        let content = Content { version: 1, user: 1, thread: 1 };
        for collection in Collection::ALL {
            ledger.made(collection, 1, String::new(), content);
        }
        (0..200).map(|_| format!("{:?}", mix.write(&ledger))).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_choices_and_no_two_clients_do() {
        let all = &Collection::ALL;
        assert_eq!(actions(1, 2, all), actions(1, 2, all));
        assert_ne!(actions(1, 2, all), actions(1, 3, all));
        assert_ne!(actions(1, 2, all), actions(4, 2, all));
    }

    #[test]
    fn every_kind_of_write_is_chosen() {
        let actions = actions(1, 2, &Collection::ALL).join(" ");
        for kind in ["Make(Users)", "MakeTwice(Posts)", "Patch(", "Put(", "Delete("] {
            assert!(actions.contains(kind), "{kind} is not in {actions}");
        }
        for precondition in ["None", "Present", "Other"] {
            assert!(actions.contains(precondition), "{precondition} is not in {actions}");
        }
    }

    #[test]
    fn only_what_was_asked_for_is_written() {
        let (mut mix, ledger) = (Mix::new(1, 2, &[Collection::Threads]), Ledger::new(7, 0));
        // Where nothing is there to be changed, it is made first.
        assert!((0..50).all(|_| matches!(mix.write(&ledger), Action::Make(Collection::Threads))));
    }
}
