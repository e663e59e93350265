//! The control plane dies at each of its steps, and is started again.

use harness::until;
use serde_json::json;

use crate::fixture::Fixture;

/// The steps before the handover: everything goes back by itself.
const BEFORE: [&str; 3] = ["moves.intent", "moves.fenced", "moves.caught-up"];
/// The handover and what follows it: everything goes on by itself.
const AFTER: [&str; 4] =
    ["moves.handed-over", "moves.promoted", "moves.flipped", "moves.followed-back"];

/// Lets it crash there in the middle of that command, and brings it back until nothing is pending.
async fn crashed(fixture: Fixture, verb: &str, place: &str) -> Fixture {
    fixture.arm(place);
    let error = fixture.refused(verb, json!({})).await;
    assert!(!fixture.faults.join(place).exists(), "{place} was not passed: {error}");
    let fixture = fixture.revive().await;
    until("nothing is pending", async || fixture.users().await.pending.is_none()).await;
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_dies_before_the_handover_is_taken_back() {
    let mut fixture = Fixture::new().await;
    fixture.verify().await;
    for place in BEFORE {
        fixture = crashed(fixture, "switch", place).await;
        assert!(fixture.source.is_primary() && !fixture.target.is_primary(), "{place}");
        assert!(fixture.source.with(|copy| copy.fence.is_none()), "{place}: the fence is released");
        assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"), "{place}");
    }
    fixture.done("switch").await;
    assert!(fixture.target.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_or_reverse_that_dies_after_the_handover_goes_on_by_itself() {
    let mut fixture = Fixture::new().await;
    fixture.verify().await;
    for place in AFTER {
        fixture = crashed(fixture, "switch", place).await;
        assert!(fixture.target.is_primary() && !fixture.source.is_primary(), "{place}");
        assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"), "{place}");
        assert!(fixture.users().await.last.unwrap().done, "{place}");
        fixture = crashed(fixture, "reverse", place).await;
        assert!(fixture.source.is_primary() && !fixture.target.is_primary(), "{place}");
        assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"), "{place}");
    }
    assert_eq!(fixture.source.with(|copy| copy.epoch), 1 + 2 * AFTER.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_does_not_end_what_was_broken_off() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.arm("moves.fenced");
    fixture.refused("switch", json!({})).await;
    fixture.source.with(|copy| copy.cannot = Some("ownership"));
    let fixture = fixture.revive().await;
    // The next attempt of the control plane comes after some seconds.
    fixture.program.logged("is not at its end").await;
    fixture.source.with(|copy| copy.cannot = None);
    if let Err(message) = fixture.tell("switch", json!({ "dryRun": true })).await {
        assert!(message.contains("a dry run changes nothing"), "{message}");
    }
    until("nothing is pending", async || fixture.users().await.pending.is_none()).await;
    let history = fixture.history().await;
    let line = &history["history"][0];
    assert_eq!((&line["verb"], &line["done"]), (&json!("switch"), &json!(false)), "{history}");
    assert!(line["by"].is_null(), "the control plane has ended it, not the dry run: {history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_knows_nothing_ends_what_another_one_handed_over() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    // Another one fenced, handed over and is gone.
    fixture.source.hand_over(&fixture.target, 2);
    fixture.done("switch").await;
    assert!(fixture.target.is_primary());
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_is_given_up_where_the_default_route_is_deleted() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.arm("moves.fenced");
    fixture.refused("switch", json!({})).await;
    fixture.source.with(|copy| copy.cannot = Some("ownership"));
    let fixture = fixture.revive().await;
    until("it is pending", async || fixture.users().await.pending.is_some()).await;
    let fallback = fixture.delete_routes().await;
    fixture.program.logged("was given up").await;
    fixture.make_default_route(&fallback).await;
    let users = fixture.users().await;
    assert!(users.pending.is_none(), "{users:?}");
    let last = users.last.unwrap();
    assert!(!last.done && last.outcome.contains("no DEFAULT route"), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_away_after_the_handover_is_waited_for() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.arm("moves.handed-over");
    fixture.refused("switch", json!({})).await;
    // As if it had not got the handover yet.
    fixture.target.with(|copy| copy.frozen = true);
    fixture.target.follow_in(&fixture.source, 1);
    let fixture = fixture.revive().await;
    until("it is pending", async || fixture.users().await.pending.is_some()).await;
    assert_eq!(fixture.users().await.phase, "handed-over");
    let advice = "Only if it is lost for good: `banyan reverse users`";
    fixture.program.logged(advice).await;
    fixture.target.with(|copy| copy.frozen = false);
    until("it is done", async || fixture.users().await.pending.is_none()).await;
    assert!(fixture.target.is_primary());
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
}
