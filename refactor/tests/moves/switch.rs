//! The way of a move, from following to the end.

use harness::until;
use replication::Role;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn following_makes_a_route_that_takes_no_traffic_and_cancelling_removes_it() {
    let fixture = Fixture::new().await;
    let found = fixture.follow().await;
    assert_eq!((found.phase.as_str(), found.collection.as_str()), ("following", "users"));
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    assert_eq!(fixture.target.with(|copy| copy.rows.len()), 10);
    fixture.done("cancel").await;
    assert_eq!(fixture.route().await, None);
    assert_eq!(fixture.target.with(|copy| (copy.role, copy.rows.len())), (Role::Primary, 0));
    assert_eq!(fixture.routes().await.len(), 1, "only the DEFAULT route is left");
    assert!(fixture.source.is_primary());
    fixture.follow().await;
    assert_eq!(fixture.target.with(|copy| copy.rows.len()), 10, "it starts afresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_gives_the_target_everything_and_a_reverse_gives_it_back() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let done = fixture.done("switch").await;
    let last = done.last.unwrap();
    assert!(last.done && last.pause_ms.is_some(), "{last:?}");
    assert_eq!(last.steps.len(), 8, "{last:?}");
    assert!(fixture.target.is_primary() && !fixture.source.is_primary());
    assert_eq!(
        (done.phase.as_str(), fixture.route().await.as_deref()),
        ("switched", Some("ACTIVE"))
    );
    fixture.target.write(11..=12);
    let done = fixture.done("reverse").await;
    assert!(fixture.source.is_primary() && !fixture.target.is_primary());
    assert_eq!(fixture.source.with(|copy| (copy.epoch, copy.rows.len())), (3, 12));
    assert_eq!(
        (done.phase.as_str(), fixture.route().await.as_deref()),
        ("following", Some("INACTIVE"))
    );
    fixture.compare().await;
    fixture.done("switch").await;
    assert_eq!(fixture.target.role(), (Role::Primary, 4));
    let done = fixture.done("complete").await;
    assert_eq!(done.phase, "completed");
    assert_eq!(fixture.source.with(|copy| (copy.role, copy.rows.len())), (Role::Retired, 0));
    fixture.source.with(|copy| copy.dead = true);
    assert_eq!(fixture.users().await.phase, "completed", "also when the source is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_can_be_repeated() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.follow().await;
    for epoch in [2, 2] {
        fixture.done("switch").await;
        assert_eq!(fixture.target.role(), (Role::Primary, epoch));
    }
    for epoch in [3, 3] {
        fixture.done("reverse").await;
        assert_eq!(fixture.source.role(), (Role::Primary, epoch));
    }
    fixture.compare().await;
    fixture.done("switch").await;
    for again in [false, true] {
        let done = fixture.done("complete").await;
        assert_eq!(done.phase, "completed");
        let outcome = done.last.unwrap().outcome;
        assert_eq!(outcome.contains("completed already"), again, "{outcome}");
        assert_eq!(outcome.contains("has removed its rows"), !again, "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_looks_and_changes_nothing() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    let found = fixture.tell("switch", json!({ "dryRun": true })).await.unwrap();
    let wrong: Vec<_> = found.preflight.iter().filter(|check| !check.ok).collect();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].what == "diff" && wrong[0].detail.contains("banyan diff users"), "{wrong:?}");
    assert_eq!(fixture.source.told("fence"), 0);
    assert_eq!(fixture.route().await.as_deref(), Some("INACTIVE"));
    fixture.compare().await;
    let found = fixture.tell("switch", json!({ "dryRun": true })).await.unwrap();
    assert!(found.preflight.iter().all(|check| check.ok), "{:?}", found.preflight);
    assert!(fixture.source.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_who_is_the_primary_already() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let already = async |verb: &str, side: &str| {
        let found = fixture.tell(verb, json!({ "dryRun": true })).await.unwrap();
        let [check] = found.preflight.as_slice() else { panic!("{:?}", found.preflight) };
        let expected = format!("{side}/api/users is the primary already");
        assert!(check.ok && check.detail.ends_with(&expected), "{check:?}");
    };
    already("reverse", &fixture.source.url).await;
    fixture.done("switch").await;
    already("switch", &fixture.target.url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_does_not_catch_up_in_time_costs_a_pause_and_nothing_else() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.source.with(|copy| copy.late = true);
    let error = fixture.refused("switch", json!({ "deadlineMs": 400 })).await;
    assert!(error.contains("did not get every change in time"), "{error}");
    assert!(error.contains("banyan switch users"), "{error}");
    assert!(fixture.source.is_primary());
    assert!(fixture.source.with(|copy| copy.fence.is_none()), "the fence is released");
    let users = fixture.users().await;
    assert!(users.pending.is_none() && !users.last.unwrap().done);
    fixture.source.with(|copy| copy.late = false);
    fixture.done("switch").await;
    assert!(fixture.target.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_a_feed_back_is_said_before_any_write_is_fenced() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    // It began a moment ago, so that the lag does not show it.
    fixture.target.with(|copy| copy.frozen = true);
    fixture.source.write(11..=11);
    for (blocked_by, said) in [
        (
            json!({ "pid": 4711, "role": "postgres", "database": "other", "seconds": 2 }),
            "of postgres in other holds the feed back: end the one with the pid 4711",
        ),
        (
            json!({ "pid": null, "prepared": "orphan", "database": "other", "seconds": 90 }),
            "ROLLBACK PREPARED 'orphan'",
        ),
        (json!({ "pid": null, "database": null, "seconds": 3 }), "GRANT pg_read_all_stats"),
        (json!(null), "may hold the feed back"),
    ] {
        fixture.source.with(|copy| copy.blocked_by = serde_json::from_value(blocked_by).unwrap());
        let error = fixture.refused("switch", json!({ "maxLagMs": 300 })).await;
        assert!(error.contains(said) && error.contains("nothing was changed"), "{error}");
    }
    assert_eq!(fixture.source.told("fence"), 0);
    fixture.target.with(|copy| copy.frozen = false);
    fixture.done("switch").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_that_is_not_released_stays_pending_until_it_is() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.source.with(|copy| (copy.late, copy.cannot) = (true, Some("release")));
    let switch = fixture.refused("switch", json!({ "deadlineMs": 2_000 }));
    let forbid = async {
        until("it is fenced", async || fixture.source.with(|copy| copy.fence.is_some())).await;
        // However long this test takes, the fence does not pass by itself.
        fixture.source.with(|copy| {
            copy.fence.as_mut().unwrap().until_ms += 600_000;
        });
    };
    let (error, ()) = tokio::join!(switch, forbid);
    assert!(error.contains("does not say that it let go"), "{error}");
    assert!(fixture.users().await.pending.is_some());
    fixture.source.with(|copy| copy.cannot = None);
    until("nothing is pending", async || fixture.users().await.pending.is_none()).await;
    assert!(fixture.source.is_primary() && fixture.source.with(|copy| copy.fence.is_none()));
    assert!(!fixture.users().await.last.unwrap().done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_handover_is_resolved_by_asking_the_source() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.source.with(|copy| copy.loses = Some(("handover", 1)));
    fixture.done("switch").await;
    assert!(fixture.target.is_primary());
    assert_eq!(fixture.source.told("handover"), 1, "it was not handed over twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_control_planes_one_switches_and_the_other_does_no_harm() {
    let one = Fixture::new().await;
    one.verify().await;
    let mut other = Fixture::new().await;
    (other.source, other.target) = (one.source.clone(), one.target.clone());
    // Its own application leads elsewhere, so it gets one that leads here.
    let path = other.make_application(&one.source.url).await;
    let application = path.rsplit('/').next().unwrap().to_owned();
    let options = json!({ "application": application, "target": one.target.url, "force": true });
    other.tell("follow", options.clone()).await.unwrap();
    let mut forced = options;
    forced.as_object_mut().unwrap().remove("target");
    let (first, second) = tokio::join!(one.tell("switch", json!({})), other.tell("switch", forced));
    assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
    assert_eq!(one.target.role(), (Role::Primary, 2));
    assert_eq!(one.source.role(), (Role::Follower, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_began_before_the_route_was_made_is_answered_before_writes_are_fenced() {
    let fixture = Fixture::new().await;
    let proxy = fixture.proxy().await;
    // The target follows by itself, as `FOLLOW` makes it do: its route is not made yet.
    fixture.target.follow(&fixture.source);
    let mut stream = TcpStream::connect(proxy.trim_start_matches("http://")).await.unwrap();
    let head = "POST /api/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b'x'; 30_000]).await.unwrap();
    let metric = r#"service="monolith"} 1"#;
    until("it has begun", async || {
        let metrics = fixture.metrics().await;
        metrics.lines().any(|line| line.contains("connects_total") && line.ends_with(metric))
    })
    .await;
    let options = json!({ "target": fixture.target.url, "force": true });
    let switch = fixture.tell("switch", options);
    let upload = async {
        fixture.program.logged("waits for uploads").await;
        assert_eq!(fixture.source.told("fence"), 0);
        stream.write_all(&[b'x'; 30_000]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (switched, answer) = tokio::join!(switch, upload);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    switched.unwrap();
    assert!(fixture.target.is_primary());
}
