//! A target that is lost after the grant: a person decides, and is told what may be lost.

use harness::{client, until};
use serde_json::json;

use crate::stand::Stand;

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_lost_is_given_up_only_by_force_and_the_loss_is_said() {
    let stand = Stand::switched().await;
    stand.target.write(11..=11);
    // The source has it before the target is gone.
    assert_eq!(stand.users().await.phase, "switched");
    stand.target.with(|copy| copy.dead = true);
    let message = stand.refused("reverse", json!({})).await;
    for part in ["--force", "lost", "up to position 2.", "epoch 3"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!stand.source.owns());
    let done = stand.tell("reverse", json!({ "force": true })).await.unwrap();
    assert!(done.last.unwrap().outcome.contains("by force in epoch 3"));
    assert_eq!(stand.source.with(|copy| (copy.role, copy.epoch)), ("primary", 3));
    assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"));
    let again = stand.tell("reverse", json!({ "force": true })).await.unwrap();
    assert!(again.last.unwrap().outcome.contains("is the owner already"), "a repeat");
    stand.source.with(|copy| copy.dead = true);
    stand.target.with(|copy| copy.dead = false);
    // It does not know yet, and who was led to it last does not answer.
    let seen = stand.users().await;
    assert_eq!(seen.phase, "unknown");
    assert!(seen.causes[0].contains("start the former"), "{:?}", seen.causes);
    stand.source.with(|copy| copy.dead = false);
    for verb in ["follow", "diff", "switch", "reverse", "cancel", "complete"] {
        let message = stand.refused(verb, json!({})).await;
        assert!(message.contains("BOTH SIDES OWN IT"), "{verb}: {message}");
        assert!(message.contains("epoch 3") && message.contains("empty"), "{verb}: {message}");
    }
    let causes = stand.users().await.causes;
    assert!(causes.iter().any(|cause| cause.contains("BOTH SIDES OWN IT")), "{causes:?}");
    // It gives way to the later epoch.
    stand.target.with(|copy| (copy.role, copy.superseded) = ("retired", true));
    assert_eq!(stand.users().await.phase, "superseded");
    let again = stand.tell("reverse", json!({})).await.unwrap();
    assert!(again.last.unwrap().outcome.contains("is the owner already"));
    assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"));
    for verb in ["follow", "switch"] {
        let message = stand.refused(verb, json!({ "force": true })).await;
        assert!(message.contains("empty"), "{verb}: {message}");
    }
    let causes = stand.users().await.causes;
    assert!(causes.iter().any(|cause| cause.contains("given up")), "{causes:?}");
    // What is left of it is not touched.
    stand.done("cancel").await;
    assert_eq!(stand.target.told("cancel"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_superseded_is_not_taken_for_one_that_completed() {
    let stand = Stand::switched().await;
    stand.source.with(|copy| (copy.role, copy.superseded) = ("retired", true));
    assert_eq!(stand.users().await.phase, "superseded");
    for verb in ["follow", "diff", "reverse", "cancel", "complete"] {
        let message = stand.refused(verb, json!({})).await;
        assert!(message.contains("backup") && message.contains("later epoch"), "{verb}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_lost_is_let_go_of_while_the_source_lives() {
    let stand = Stand::switched().await;
    stand.target.with(|copy| copy.dead = true);
    let refused = stand.refused("cancel", json!({ "force": true })).await;
    assert!(refused.contains("does not own users"), "{refused}");
    stand.tell("reverse", json!({ "force": true })).await.unwrap();
    stand.refused("cancel", json!({})).await;
    stand.tell("cancel", json!({ "force": true })).await.unwrap();
    assert_eq!(stand.route().await, None, "follow had made it");
    let another = stand.target.another();
    stand.tell("follow", json!({ "target": another.url })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_has_not_used_the_grant_is_cancelled_before_it_is_taken_back() {
    let stand = Stand::new().await;
    stand.verify().await;
    let store = stand.target.with(|copy| {
        copy.frozen = true;
        copy.store.clone()
    });
    let to = format!("{}/api/users", stand.target.url);
    stand.source.with(|copy| {
        copy.position += 1;
        copy.grant = Some((2, store, to, copy.position));
        (copy.role, copy.followed) = ("follower", None);
    });
    let unowned = async || stand.users().await.causes.join("; ").contains("nobody takes writes");
    assert!(unowned().await);
    let message = stand.refused("reverse", json!({})).await;
    assert!(message.contains("nothing that was answered is lost"), "{message}");
    stand.tell("reverse", json!({ "force": true })).await.unwrap();
    assert_eq!(stand.target.told("cancel"), 1);
    assert_eq!(stand.source.with(|copy| (copy.role, copy.epoch)), ("primary", 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_follow_back_yet_leaves_nobody_without_an_owner() {
    let stand = Stand::switched().await;
    stand.source.with(|copy| (copy.frozen, copy.followed) = (true, None));
    let seen = stand.users().await;
    assert_eq!(seen.phase, "switched");
    assert!(!seen.causes.join("; ").contains("nobody takes writes"), "{:?}", seen.causes);
}

#[tokio::test(flavor = "multi_thread")]
async fn force_is_no_shortcut_where_the_target_is_well() {
    let stand = Stand::switched().await;
    stand.target.write(11..=11);
    stand.tell("reverse", json!({ "force": true })).await.unwrap();
    assert_eq!(stand.source.told("take"), 0, "the ordinary way");
    assert_eq!(stand.source.with(|copy| copy.rows.len()), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_answers_after_it_was_given_up_is_no_success_also_after_a_restart() {
    let stand = Stand::switched().await;
    let proxy = stand.proxy().await;
    let post = async || client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post().await.status(), 200);
    stand.target.with(|copy| copy.dead = true);
    stand.tell("reverse", json!({ "force": true })).await.unwrap();
    stand.target.with(|copy| copy.dead = false);
    assert_eq!(post().await.status(), 200, "the source owns it");
    // Somebody leads clients to it all the same.
    stand.activate("/users", "ACTIVE").await;
    let answer = post().await;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().contains("no longer the primary"));
    let stand = stand.restart().await;
    let proxy = stand.proxy().await;
    let post = client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post.status(), 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_take_it_back_leaves_the_target_in_its_epoch() {
    let stand = Stand::switched().await;
    let proxy = stand.proxy().await;
    let post = async || client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    stand.target.with(|copy| copy.dead = true);
    stand.source.with(|copy| copy.refuses = Some("take"));
    let message = stand.refused("reverse", json!({ "force": true })).await;
    assert!(message.contains("did not take ownership"), "{message}");
    stand.target.with(|copy| copy.dead = false);
    assert_eq!(post().await.status(), 200, "it owns it as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_of_which_no_answer_comes_is_carried_through() {
    let stand = Stand::switched().await;
    let proxy = stand.proxy().await;
    stand.target.with(|copy| copy.dead = true);
    stand.source.with(|copy| copy.cannot = Some("take"));
    let message = stand.refused("reverse", json!({ "force": true })).await;
    assert!(message.contains("is not known"), "{message}");
    assert!(stand.users().await.pending.is_some(), "it is written down");
    // The target comes back meanwhile: what it takes may be lost at any moment.
    stand.target.with(|copy| copy.dead = false);
    let post = async || client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post().await.status(), 502);
    for verb in ["switch", "cancel", "reverse"] {
        let message = stand.refused(verb, json!({})).await;
        assert!(message.contains("is not known"), "{verb}: {message}");
    }
    stand.source.with(|copy| copy.cannot = None);
    until("nothing is pending", async || stand.users().await.pending.is_none()).await;
    assert_eq!(stand.source.with(|copy| (copy.role, copy.epoch)), ("primary", 3));
    assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"));
    assert_eq!(post().await.status(), 200, "the source owns it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_that_dies_when_it_is_written_down_is_carried_through() {
    let stand = Stand::switched().await;
    stand.target.with(|copy| copy.dead = true);
    stand.arm("moves.intent");
    stand.refused("reverse", json!({ "force": true })).await;
    let stand = stand.revive().await;
    until("nothing is pending", async || stand.users().await.pending.is_none()).await;
    assert_eq!(stand.source.with(|copy| (copy.role, copy.epoch)), ("primary", 3));
    assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"));
    assert!(stand.users().await.last.unwrap().outcome.contains("by force in epoch 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_from_a_backup_of_an_earlier_epoch_gets_no_traffic_without_force() {
    let stand = Stand::switched().await;
    stand.target.write(11..=11);
    stand.target.with(|copy| copy.dead = true);
    stand.source.with(|copy| {
        (copy.role, copy.epoch, copy.grant, copy.followed) = ("primary", 1, None, None);
    });
    let message = stand.refused("reverse", json!({})).await;
    for part in ["epoch 1", "epoch 2", "backup", "--force"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
    stand.tell("reverse", json!({ "force": true, "dryRun": true })).await.unwrap();
    assert_eq!(stand.route().await.as_deref(), Some("ACTIVE"));
    stand.tell("reverse", json!({ "force": true })).await.unwrap();
    assert_eq!(stand.route().await.as_deref(), Some("INACTIVE"));
    let proxy = stand.proxy().await;
    let post = client().post(format!("{proxy}/api/users")).body("x").send().await.unwrap();
    assert_eq!(post.status(), 200, "its epoch counts now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_sides_are_gone_is_forgotten_by_force_also_where_something_is_pending() {
    let stand = Stand::switched().await;
    stand.source.with(|copy| copy.cannot = Some("take"));
    stand.target.with(|copy| copy.dead = true);
    stand.refused("reverse", json!({ "force": true })).await;
    stand.source.with(|copy| copy.dead = true);
    stand.refused("cancel", json!({})).await;
    stand.tell("cancel", json!({ "force": true })).await.unwrap();
}
