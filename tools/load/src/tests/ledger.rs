//! What a client knows.

use fastrand::Rng;

use crate::content::{Collection, MemberContent};
use crate::ledger::Ledger;

const CONTENT: MemberContent = MemberContent { version: 1, user: 1, thread: 1 };

#[test]
fn what_was_deleted_or_is_unsure_is_not_written_again() {
    let (mut ledger, mut random) = (Ledger::new(7, 0), Rng::with_seed(1));
    let posts = Collection::Posts;
    let places = [1, 2, 3].map(|id| ledger.made(posts, id, String::new(), CONTENT));
    ledger.changed(places[0], String::new(), None);
    ledger.maybe(places[2], None);
    ledger.maybe_made(posts, CONTENT);
    assert_eq!(ledger.living(posts, &mut random), Some(places[1]));
    ledger.leave(places[1]);
    assert_eq!(ledger.living(posts, &mut random), None);
    assert_eq!(ledger.living(Collection::Users, &mut random), None);
}

#[test]
fn no_token_is_given_twice() {
    let mut ledger = Ledger::new(7, 0);
    let first = ledger.next_token();
    ledger.maybe_made(Collection::Users, CONTENT);
    let second = ledger.next_token();
    ledger.made(Collection::Users, 1, String::new(), CONTENT);
    assert!(first != second && second != ledger.next_token() && first != ledger.next_token());
}
