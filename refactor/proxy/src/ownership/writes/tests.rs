use std::sync::Arc;

use replication::Position;
use tokio::time::{Instant, advance};

use super::{ClientKeys, REMEMBER_TIME, REMEMBERED_WRITES, Writes};

fn position(text: &str) -> Position {
    text.parse().unwrap()
}

fn client<const N: usize>(writes: &Writes, told: [&str; N]) -> ClientKeys {
    let mut client = ClientKeys::default();
    for (slot, told) in client.iter_mut().zip(told) {
        *slot = Some(writes.key([told.as_bytes()]));
    }
    client
}

fn note(writes: &Writes, client: ClientKeys, at: &str) {
    writes.note(client, position(at), Arc::default());
}

fn known(writes: &Writes, client: ClientKeys) -> Option<String> {
    let (write, all) = writes.get(client, |_| true);
    assert!(write.is_some() || !all, "what is known has a write");
    write.map(|write| write.position.to_string())
}

#[tokio::test(start_paused = true)]
async fn the_furthest_write_is_remembered_for_a_while() {
    let writes = Writes::new(false, false);
    let (one, two) = (client(&writes, ["one"]), client(&writes, ["two"]));
    assert!(!writes.are_any(Instant::now()));
    note(&writes, one, "1.7");
    note(&writes, one, "1.5");
    assert!(writes.are_any(Instant::now()));
    assert_eq!((known(&writes, one).as_deref(), known(&writes, two)), (Some("1.7"), None));
    advance(REMEMBER_TIME).await;
    assert!(!writes.are_any(Instant::now()));
    assert_eq!(known(&writes, one), None);
    note(&writes, one, "1.2");
    assert_eq!(known(&writes, one).as_deref(), Some("1.2"), "what is too old does not count");
}

#[tokio::test]
async fn a_client_is_found_by_whatever_of_it_is_the_same() {
    let writes = Writes::new(false, false);
    let seen = |told| known(&writes, client(&writes, told));
    note(&writes, client(&writes, ["home", "token"]), "1.5");
    assert_eq!(seen(["home", "another token"]).as_deref(), Some("1.5"));
    assert_eq!(seen(["elsewhere", "token"]).as_deref(), Some("1.5"));
    assert_eq!(seen(["elsewhere", "another token"]), None);
    note(&writes, client(&writes, ["elsewhere", "another token"]), "1.9");
    assert_eq!(seen(["home", "another token"]).as_deref(), Some("1.9"), "the furthest");
    let (write, _) = writes.get(client(&writes, ["home"]), |_| false);
    assert!(write.is_none(), "one that concerns it");
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_carried_may_matter_for_as_long_as_it_would_have_remembered_it() {
    let writes = Writes::new(true, false);
    assert!(writes.may_be_forgotten(false, Instant::now()));
    assert!(!Writes::new(false, false).may_be_forgotten(false, Instant::now()));
    advance(REMEMBER_TIME).await;
    assert!(!writes.may_be_forgotten(false, Instant::now()));
}

#[tokio::test]
async fn what_other_processes_carry_is_never_known() {
    let writes = Writes::new(false, true);
    note(&writes, client(&writes, ["one"]), "1.5");
    for is_known in [false, true] {
        assert!(writes.may_be_forgotten(is_known, Instant::now()), "it may have written more");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_process_carries_may_matter_until_it_has_ended_and_for_a_while() {
    let writes = Writes::new(false, false);
    let may_be = |is_known| writes.may_be_forgotten(is_known, Instant::now());
    writes.are_elsewhere(true);
    advance(REMEMBER_TIME * 100).await;
    assert!(may_be(false) && may_be(true), "it may have written there since");
    writes.are_elsewhere(false);
    advance(REMEMBER_TIME / 2).await;
    assert!(may_be(false) && may_be(true));
    advance(REMEMBER_TIME / 2).await;
    assert!(!may_be(false) && !may_be(true));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_let_go_may_matter_once_another_service_can_answer() {
    let writes = Writes::new(false, false);
    writes.has_another();
    assert!(!writes.may_be_forgotten(false, Instant::now()), "there was none");
    writes.let_go();
    assert!(!writes.may_be_forgotten(false, Instant::now()), "there is no other");
    advance(REMEMBER_TIME / 2).await;
    writes.has_another();
    assert!(writes.may_be_forgotten(false, Instant::now()));
    advance(REMEMBER_TIME / 2).await;
    assert!(!writes.may_be_forgotten(false, Instant::now()));
}

#[tokio::test]
async fn a_write_is_forgotten_unless_a_later_one_came() {
    let writes = Writes::new(false, false);
    let one = client(&writes, ["one", "token"]);
    note(&writes, one, "1.7");
    writes.forget(one, position("1.6"));
    assert!(known(&writes, one).is_some());
    writes.forget(one, position("1.7"));
    assert!(known(&writes, one).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_gave_way_to_those_of_others_may_matter_as_long_as_it_would_have_counted() {
    let writes = Writes::new(false, false);
    let nth = |n: usize| client(&writes, [n.to_string().as_str()]);
    note(&writes, nth(0), "1.1");
    advance(REMEMBER_TIME / 2).await;
    (1..REMEMBERED_WRITES).for_each(|n| note(&writes, nth(n), "1.1"));
    assert!(!writes.may_be_forgotten(false, Instant::now()), "there is room for so many");
    note(&writes, nth(REMEMBERED_WRITES), "1.1");
    assert!(known(&writes, nth(0)).is_none());
    assert!(known(&writes, nth(1)).is_some());
    assert!(writes.may_be_forgotten(false, Instant::now()));
    advance(REMEMBER_TIME / 2).await;
    assert!(!writes.may_be_forgotten(false, Instant::now()));
}

#[test]
fn what_is_joined_differently_is_another_key() {
    let writes = Writes::new(false, false);
    let key = |parts: [&'static str; 2]| writes.key(parts.map(str::as_bytes));
    assert_eq!(key(["a", "b"]), key(["a", "b"]));
    assert_ne!(key(["ab", ""]), key(["a", "b"]));
    assert_ne!(key(["", "ab"]), key(["ab", ""]));
}
