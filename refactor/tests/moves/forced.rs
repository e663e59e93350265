//! A target that is lost after the handover: a person decides, and is told what may be lost.

use harness::{client, until};
use replication::Role;
use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_lost_is_given_up_only_by_force_and_the_loss_is_said() {
    let fixture = Fixture::switched().await;
    fixture.target.write(11..=11);
    // The source has it before the target is gone.
    assert_eq!(fixture.users().await.phase, "switched");
    fixture.target.with(|copy| copy.dead = true);
    let message = fixture.refused("reverse", json!({})).await;
    for part in ["--force", "lost", "up to position 2.", "epoch 3"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!fixture.source.is_primary());
    let done = fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    assert!(done.last.unwrap().outcome.contains("by force in epoch 3"));
    assert_eq!(fixture.source.role(), (Role::Primary, 3));
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    let again = fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    assert!(again.last.unwrap().outcome.contains("is the primary already"), "a repeat");
    fixture.source.with(|copy| copy.dead = true);
    fixture.target.with(|copy| copy.dead = false);
    // It does not know yet, and the service that the route last led to does not answer.
    let seen = fixture.users().await;
    assert_eq!(seen.phase, "unknown");
    assert!(seen.causes[0].contains("start the former"), "{:?}", seen.causes);
    fixture.source.with(|copy| copy.dead = false);
    for verb in ["follow", "diff", "switch", "reverse", "cancel", "complete"] {
        let message = fixture.refused(verb, json!({})).await;
        assert!(message.contains("BOTH SIDES ARE PRIMARY"), "{verb}: {message}");
        assert!(message.contains("epoch 3") && message.contains("empty"), "{verb}: {message}");
    }
    let causes = fixture.users().await.causes;
    assert!(causes.iter().any(|cause| cause.contains("BOTH SIDES ARE PRIMARY")), "{causes:?}");
    // It gives way to the later epoch.
    fixture.target.with(|copy| (copy.role, copy.superseded) = (Role::Retired, true));
    assert_eq!(fixture.users().await.phase, "superseded");
    let again = fixture.tell("reverse", json!({})).await.unwrap();
    assert!(again.last.unwrap().outcome.contains("is the primary already"));
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    for verb in ["follow", "switch"] {
        let message = fixture.refused(verb, json!({ "force": true })).await;
        assert!(message.contains("empty"), "{verb}: {message}");
    }
    let causes = fixture.users().await.causes;
    assert!(causes.iter().any(|cause| cause.contains("given up")), "{causes:?}");
    // What is left of it is not touched.
    fixture.done("cancel").await;
    assert_eq!(fixture.target.told("cancel"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_superseded_is_not_taken_for_one_that_completed() {
    let fixture = Fixture::switched().await;
    fixture.source.with(|copy| (copy.role, copy.superseded) = (Role::Retired, true));
    assert_eq!(fixture.users().await.phase, "superseded");
    for verb in ["follow", "diff", "reverse", "cancel", "complete"] {
        let message = fixture.refused(verb, json!({})).await;
        assert!(message.contains("backup") && message.contains("later epoch"), "{verb}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_lost_is_let_go_of_while_the_source_lives() {
    let fixture = Fixture::switched().await;
    fixture.target.with(|copy| copy.dead = true);
    let refused = fixture.refused("cancel", json!({ "force": true })).await;
    assert!(refused.contains("is not the primary of users"), "{refused}");
    fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    fixture.refused("cancel", json!({})).await;
    fixture.tell("cancel", json!({ "force": true })).await.unwrap();
    assert_eq!(fixture.route().await, None, "follow had made it");
    let another = fixture.target.another();
    fixture.tell("follow", json!({ "target": another.url })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_has_not_used_the_handover_is_cancelled_before_it_is_taken_back() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.target.with(|copy| copy.frozen = true);
    fixture.source.hand_over(&fixture.target, 2);
    let unowned =
        async || fixture.users().await.causes.join("; ").contains("no store takes writes");
    assert!(unowned().await);
    let message = fixture.refused("reverse", json!({})).await;
    assert!(message.contains("nothing that was answered is lost"), "{message}");
    fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    assert_eq!(fixture.target.told("cancel"), 1);
    assert_eq!(fixture.source.role(), (Role::Primary, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_follow_back_yet_leaves_nobody_without_a_primary() {
    let fixture = Fixture::switched().await;
    fixture.source.with(|copy| (copy.frozen, copy.followed) = (true, None));
    let seen = fixture.users().await;
    assert_eq!(seen.phase, "switched");
    assert!(!seen.causes.join("; ").contains("no store takes writes"), "{:?}", seen.causes);
}

#[tokio::test(flavor = "multi_thread")]
async fn force_is_no_shortcut_where_the_target_is_well() {
    let fixture = Fixture::switched().await;
    fixture.target.write(11..=11);
    fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    assert_eq!(fixture.source.told("take"), 0, "the ordinary way");
    assert_eq!(fixture.source.with(|copy| copy.rows.len()), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_answers_after_it_was_given_up_is_no_success_also_after_a_restart() {
    let fixture = Fixture::switched().await;
    let proxy = fixture.proxy().await;
    let post = async || client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post().await.status(), 200);
    fixture.target.with(|copy| copy.dead = true);
    fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    fixture.target.with(|copy| copy.dead = false);
    assert_eq!(post().await.status(), 200, "the source owns it");
    // The route leads clients to it all the same.
    fixture.activate("/users", "ACTIVE").await;
    let answer = post().await;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().contains("no longer the primary"));
    let fixture = fixture.restart().await;
    let proxy = fixture.proxy().await;
    let post = client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post.status(), 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_take_it_back_leaves_the_target_in_its_epoch() {
    let fixture = Fixture::switched().await;
    let proxy = fixture.proxy().await;
    let post = async || client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    fixture.target.with(|copy| copy.dead = true);
    fixture.source.with(|copy| copy.refuses = Some("take"));
    let message = fixture.refused("reverse", json!({ "force": true })).await;
    assert!(message.contains("did not take ownership"), "{message}");
    fixture.target.with(|copy| copy.dead = false);
    assert_eq!(post().await.status(), 200, "it owns it as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_of_which_no_answer_comes_is_carried_through() {
    let fixture = Fixture::switched().await;
    let proxy = fixture.proxy().await;
    fixture.target.with(|copy| copy.dead = true);
    fixture.source.with(|copy| copy.cannot = Some("take"));
    let message = fixture.refused("reverse", json!({ "force": true })).await;
    assert!(message.contains("is not known"), "{message}");
    assert!(fixture.users().await.pending.is_some(), "it is written down");
    // The target comes back meanwhile: what it takes may be lost at any moment.
    fixture.target.with(|copy| copy.dead = false);
    let post = async || client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post().await.status(), 502);
    for verb in ["switch", "cancel", "reverse"] {
        let message = fixture.refused(verb, json!({})).await;
        assert!(message.contains("is not known"), "{verb}: {message}");
    }
    fixture.source.with(|copy| copy.cannot = None);
    until("nothing is pending", async || fixture.users().await.pending.is_none()).await;
    assert_eq!(fixture.source.role(), (Role::Primary, 3));
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    assert_eq!(post().await.status(), 200, "the source owns it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_that_dies_when_it_is_written_down_is_carried_through() {
    let fixture = Fixture::switched().await;
    fixture.target.with(|copy| copy.dead = true);
    fixture.arm("moves.intent");
    fixture.refused("reverse", json!({ "force": true })).await;
    let fixture = fixture.revive().await;
    until("nothing is pending", async || fixture.users().await.pending.is_none()).await;
    assert_eq!(fixture.source.role(), (Role::Primary, 3));
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    assert!(fixture.users().await.last.unwrap().outcome.contains("by force in epoch 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_from_a_backup_of_an_earlier_epoch_gets_no_traffic_without_force() {
    let fixture = Fixture::switched().await;
    fixture.target.write(11..=11);
    fixture.target.with(|copy| copy.dead = true);
    fixture.source.with(|copy| {
        (copy.role, copy.epoch, copy.handover, copy.followed) = (Role::Primary, 1, None, None);
    });
    let message = fixture.refused("reverse", json!({})).await;
    for part in ["epoch 1", "epoch 2", "backup", "--force"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
    fixture.tell("reverse", json!({ "force": true, "dryRun": true })).await.unwrap();
    assert_eq!(fixture.route().await.as_deref(), Some("ACTIVE"));
    fixture.tell("reverse", json!({ "force": true })).await.unwrap();
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    let proxy = fixture.proxy().await;
    let post = client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post.status(), 200, "its epoch counts now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_sides_are_gone_is_forgotten_by_force_also_where_something_is_pending() {
    let fixture = Fixture::switched().await;
    fixture.source.with(|copy| copy.cannot = Some("take"));
    fixture.target.with(|copy| copy.dead = true);
    fixture.refused("reverse", json!({ "force": true })).await;
    fixture.source.with(|copy| copy.dead = true);
    fixture.refused("cancel", json!({})).await;
    fixture.tell("cancel", json!({ "force": true })).await.unwrap();
}
