//! The lists of a board against the ledgers.

use serde_json::Value;

use crate::content::{Collection, MemberContent, Token};
use crate::ledger::Ledger;
use crate::lists::Lists;

const RUN: u64 = 7;
const USERS: Collection = Collection::Users;

fn version(version: u32) -> MemberContent {
    MemberContent { version, user: 1, thread: 2 }
}

/// Users 11 to 13; the second was changed, the third deleted.
fn ledger() -> Ledger {
    let mut ledger = Ledger::new(RUN, 3);
    let places = [11, 12, 13].map(|id| ledger.made(USERS, id, String::new(), version(1)));
    ledger.changed(places[1], String::new(), Some(version(2)));
    ledger.changed(places[2], String::new(), None);
    ledger
}

/// The member that a client made as its `number`th, as the board lists it.
fn row(id: u64, number: u32, at: u32) -> Value {
    let mut row = USERS.whole(Token { run: RUN, client: 3, number }, version(at));
    row["id"] = id.into();
    row
}

/// The places of what is wrong with a list.
fn wrong(ledger: &Ledger, rows: &[Value]) -> Vec<String> {
    let mut lists = Lists::new(RUN, [ledger].into_iter());
    rows.iter().for_each(|row| lists.member(USERS, row));
    lists.end().0.iter().map(|(place, what)| format!("{place} {}", what.join("; "))).collect()
}

#[track_caller]
fn is_wrong(rows: &[Value], place: &str, what: &str) {
    let wrong = wrong(&ledger(), rows);
    let [only] = wrong.as_slice() else { panic!("not one difference: {wrong:?}") };
    assert!(only.starts_with(&format!("{place} ")) && only.contains(what), "{only}");
}

#[test]
fn a_list_that_is_as_the_ledger_has_it_is_right_whatever_else_is_in_it() {
    let finn = serde_json::json!({"id": 2, "username": "finn", "name": "Finn", "bio": ""});
    let mut another_run = USERS.whole(Token { run: 8, client: 3, number: 0 }, version(1));
    another_run["id"] = 14.into();
    let rows = [finn, row(11, 0, 1), row(12, 1, 2), another_run];
    assert_eq!(wrong(&ledger(), &rows), Vec::<String>::new());
}

#[test]
fn each_lie_of_a_board_is_found() {
    is_wrong(&[row(12, 1, 2)], "/users/11", "is not in the list");
    is_wrong(&[row(11, 0, 1), row(12, 1, 1)], "/users/12", "v1");
    let undeleted = [row(11, 0, 1), row(12, 1, 2), row(13, 2, 1)];
    is_wrong(&undeleted, "/users/13", "although it was deleted");
    let copied = [row(11, 0, 1), row(12, 1, 2), row(14, 0, 1)];
    is_wrong(&copied, "/users/14", "is 11 once more");
    let listed_twice = [row(11, 0, 1), row(12, 1, 2), row(12, 1, 2)];
    is_wrong(&listed_twice, "/users/12", "is listed twice");
    let made_by_no_request = [row(11, 0, 1), row(12, 1, 2), row(14, 9, 1)];
    is_wrong(&made_by_no_request, "/users/14", "was made by no request");
    let mut changed = row(11, 0, 1);
    changed["name"] = "another name".into();
    is_wrong(&[changed, row(12, 1, 2)], "/users/11", "another name");
    let mut without_its_token = row(11, 0, 1);
    without_its_token["username"] = "finn".into();
    is_wrong(&[without_its_token, row(12, 1, 2)], "/users/11", "finn");
}

#[test]
fn each_lie_of_a_ledger_is_found() {
    let rows = [row(11, 0, 1), row(12, 1, 2)];
    let mut ledger = ledger();
    assert_eq!(wrong(&ledger, &rows), Vec::<String>::new());
    // A member that was never made, and one that was never deleted.
    ledger.made(USERS, 14, String::new(), version(1));
    ledger.changed(0, String::new(), None);
    let places: Vec<_> = wrong(&ledger, &rows);
    assert!(places[0].starts_with("/users/11 ") && places[1].starts_with("/users/14 "));
    assert_eq!(places.len(), 2, "{places:?}");
}

#[test]
fn what_may_have_been_made_may_be_there_once() {
    let mut ledger = Ledger::new(RUN, 3);
    ledger.maybe_made(USERS, version(1));
    assert_eq!(wrong(&ledger, &[]), Vec::<String>::new());
    assert_eq!(wrong(&ledger, &[row(11, 0, 1)]), Vec::<String>::new());
    assert_eq!(wrong(&ledger, &[row(11, 0, 2)]).len(), 1);
    assert_eq!(wrong(&ledger, &[row(11, 0, 1), row(12, 0, 1)]).len(), 1);
}

#[test]
fn what_may_have_been_changed_or_deleted_may_be_either() {
    for (maybe, right, other) in [
        (Some(version(2)), [vec![row(11, 0, 1)], vec![row(11, 0, 2)]], vec![]),
        (None, [vec![row(11, 0, 1)], vec![]], vec![row(11, 0, 2)]),
    ] {
        let mut ledger = Ledger::new(RUN, 3);
        let place = ledger.made(USERS, 11, String::new(), version(1));
        ledger.maybe(place, maybe);
        assert_eq!(wrong(&ledger, &right[0]), Vec::<String>::new());
        assert_eq!(wrong(&ledger, &right[1]), Vec::<String>::new());
        assert_eq!(wrong(&ledger, &other).len(), 1);
    }
}
