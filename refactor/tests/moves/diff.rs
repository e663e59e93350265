//! Comparing.

use harness::until;
use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn each_row_that_differs_is_named_with_what_differs() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    fixture.target.with(|copy| {
        copy.rows.remove(&2);
        copy.rows.get_mut(&5).unwrap().1 = "another name".into();
        copy.rows.get_mut(&7).unwrap().0 = 9;
        copy.rows.insert(99, (1, "only here".into()));
    });
    let diff = fixture.compare().await.diff;
    assert_eq!((diff.state.as_str(), diff.count), ("differs", 4));
    let named: Vec<_> =
        diff.differences.iter().map(|row| (row.id.as_str(), row.what.as_str())).collect();
    assert_eq!(
        named,
        [
            ("2", "missing on the target"),
            ("5", "differs in name"),
            ("7", "differs in rev (1 on the source, 9 on the target)"),
            ("99", "only on the target"),
        ]
    );
    let error = fixture.refused("switch", json!({})).await;
    assert!(error.contains("differs in 4 rows") && error.contains("banyan diff users"), "{error}");
    assert!(fixture.source.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_to_differ_is_given_back_and_completed_by_force_only() {
    let fixture = Fixture::switched().await;
    fixture.source.with(|copy| copy.rows.get_mut(&5).unwrap().1 = "another name".into());
    assert_eq!(fixture.compare().await.diff.state, "differs");
    for (verb, options) in [("reverse", json!({})), ("complete", json!({}))] {
        let error = fixture.refused(verb, options).await;
        assert!(
            error.contains("differs in 1 rows") && error.contains("--force"),
            "{verb}: {error}"
        );
    }
    assert!(fixture.target.is_primary());
    assert_eq!(fixture.source.told("retire"), 0);
    fixture.tell("complete", json!({ "force": true })).await.unwrap();
    assert_eq!(fixture.source.told("retire"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_cannot_go_on_ends_a_comparison() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    fixture.target.with(|copy| {
        (copy.frozen, copy.broken) = (true, true);
        copy.detail = Some("the source was put back".into());
    });
    fixture.source.write(1..=1);
    let diff = fixture.compare().await.diff;
    assert_eq!(diff.state, "not done");
    assert!(diff.detail.is_some_and(|detail| detail.contains("the source was put back")));
    let helps =
        "the source was put back: `banyan cancel users` and `banyan follow users` copy anew";
    let causes = fixture.users().await.causes;
    assert!(causes.iter().any(|cause| cause == helps), "{causes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_compared_range_by_range_and_all_are_counted() {
    let fixture = Fixture::new().await;
    fixture.source.write(11..=12_000);
    fixture.follow().await;
    let diff = fixture.compare().await.diff;
    assert_eq!((diff.state.as_str(), diff.rows_compared), ("verified", 12_000));
    fixture.target.with(|copy| copy.rows.retain(|id, _| *id > 1_050 && *id != 10_500));
    let diff = fixture.compare().await.diff;
    assert_eq!((diff.count, diff.rows_compared), (1_051, 12_000));
    assert_eq!(diff.differences.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_motion_is_no_difference() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    let source = fixture.source.clone();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let writer = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            source.write(1..=3);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    });
    for _ in 0..3 {
        let diff = fixture.compare().await.diff;
        assert_eq!((diff.state.as_str(), diff.count), ("verified", 0), "{diff:?}");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_was_killed_goes_on_at_its_last_range() {
    let fixture = Fixture::new().await;
    fixture.source.write(11..=15_000);
    fixture.follow().await;
    // The second range waits for a follower that does not get on.
    fixture.target.with(|copy| {
        copy.rows.remove(&12_000);
        copy.frozen = true;
    });
    fixture.source.write(1..=1);
    fixture.target.with(|copy| copy.rows.insert(1, (2, "row 1".into())));
    fixture.done("diff").await;
    until("the first range is compared", async || {
        fixture.users().await.diff.rows_compared == 10_000
    })
    .await;
    let mut fixture = fixture;
    fixture.program.kill().await;
    fixture.program = fixture.program.restart().await;
    fixture.source.with(|copy| copy.rows.insert(2, (7, "never looked at again".into())));
    fixture.target.with(|copy| copy.followed.as_mut().unwrap().covered.at = u64::MAX / 2);
    until("it has ended", async || fixture.users().await.diff.state != "running").await;
    let diff = fixture.users().await.diff;
    let named: Vec<_> = diff.differences.iter().map(|row| row.id.as_str()).collect();
    assert_eq!((named, diff.rows_compared), (vec!["12000"], 15_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_does_not_count_for_a_copy_that_was_made_anew() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.verify().await.diff.state, "verified");
    fixture.done("cancel").await;
    fixture.follow().await;
    assert_eq!(fixture.users().await.diff.state, "not done");
}
