//! The control plane dies at each of its steps, and is started again.

use harness::until;
use serde_json::json;

use crate::stand::Stand;

/// The steps before the grant: everything goes back by itself.
const BEFORE: [&str; 3] = ["moves.intent", "moves.held", "moves.caught-up"];
/// The grant and what follows it: everything goes on by itself.
const AFTER: [&str; 4] =
    ["moves.granted", "moves.promoted", "moves.flipped", "moves.followed-back"];

/// Lets it crash there in the middle of that command, and brings it back until nothing is pending.
async fn crashed(stand: Stand, verb: &str, place: &str) -> Stand {
    stand.arm(place);
    let error = stand.refused(verb, json!({})).await;
    assert!(!stand.faults.join(place).exists(), "{place} was not passed: {error}");
    let stand = stand.revive().await;
    until("nothing is pending", async || stand.users().await.pending.is_none()).await;
    stand
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_dies_before_the_grant_is_taken_back() {
    let mut stand = Stand::new().await;
    stand.verify().await;
    for place in BEFORE {
        stand = crashed(stand, "switch", place).await;
        assert!(stand.source.owns() && !stand.target.owns(), "{place}");
        assert!(stand.source.with(|copy| copy.hold.is_none()), "{place}: the hold is released");
        assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"), "{place}");
    }
    stand.done("switch").await;
    assert!(stand.target.owns());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_or_reverse_that_dies_after_the_grant_goes_on_by_itself() {
    let mut stand = Stand::new().await;
    stand.verify().await;
    for place in AFTER {
        stand = crashed(stand, "switch", place).await;
        assert!(stand.target.owns() && !stand.source.owns(), "{place}");
        assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"), "{place}");
        assert!(stand.users().await.last.unwrap().done, "{place}");
        stand = crashed(stand, "reverse", place).await;
        assert!(stand.source.owns() && !stand.target.owns(), "{place}");
        assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"), "{place}");
    }
    assert_eq!(stand.source.with(|copy| copy.epoch), 1 + 2 * AFTER.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_knows_nothing_ends_what_another_one_granted() {
    let stand = Stand::new().await;
    stand.verify().await;
    // Another one held, granted and is gone.
    let store = stand.target.with(|copy| copy.store.clone());
    let to = format!("{}/api/users", stand.target.url);
    stand.source.with(|copy| {
        copy.position += 1;
        copy.grant = Some((2, store, to, copy.position));
        (copy.role, copy.followed) = ("follower", None);
    });
    stand.done("switch").await;
    assert!(stand.target.owns());
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_is_given_up_where_the_default_route_is_deleted() {
    let stand = Stand::new().await;
    stand.verify().await;
    stand.arm("moves.held");
    stand.refused("switch", json!({})).await;
    stand.source.with(|copy| copy.cannot = Some("ownership"));
    let stand = stand.revive().await;
    until("it is pending", async || stand.users().await.pending.is_some()).await;
    let fallback = stand.delete_routes().await;
    until("it is given up", async || stand.program.log().contains("was given up")).await;
    stand.make_default_route(&fallback).await;
    let users = stand.users().await;
    assert!(users.pending.is_none(), "{users:?}");
    let last = users.last.unwrap();
    assert!(!last.done && last.outcome.contains("no DEFAULT route"), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_away_after_the_grant_is_waited_for() {
    let stand = Stand::new().await;
    stand.verify().await;
    stand.arm("moves.granted");
    stand.refused("switch", json!({})).await;
    let (store, url) = (stand.source.with(|copy| copy.store.clone()), stand.source.url.clone());
    stand.target.with(|copy| {
        // As if it had not got the grant yet.
        (copy.role, copy.epoch, copy.frozen) = ("follower", 1, true);
        copy.followed = Some((store, format!("{url}/api/users"), (1, 0)));
    });
    let stand = stand.revive().await;
    until("it is pending", async || stand.users().await.pending.is_some()).await;
    assert_eq!(stand.users().await.phase, "granted");
    stand.target.with(|copy| copy.frozen = false);
    until("it is done", async || stand.users().await.pending.is_none()).await;
    assert!(stand.target.owns());
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
}
