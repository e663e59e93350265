//! The choices of a client.

use crate::content::{Collection, MemberContent};
use crate::ledger::Ledger;
use crate::mix::{ClientAction, Mix};

fn actions(seed: u64, client: u32, collections: &[Collection]) -> Vec<String> {
    let (mut mix, mut ledger) = (Mix::new(seed, client, collections), Ledger::new(7, 0));
    let content = MemberContent { version: 1, user: 1, thread: 1 };
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
    // If there is nothing to change, a thread is made first.
    assert!((0..50).all(|_| matches!(mix.write(&ledger), ClientAction::Make(Collection::Threads))));
}
