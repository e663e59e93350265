//! What the control port tells Prometheus of moves.

use harness::until;
use replication::{BlockingTransaction, Fence, Role};

use crate::fixture::Fixture;

impl Fixture {
    /// The value of a metric of users, by its name without `banyan_move_` and its labels behind the collection.
    async fn metric(&self, name: &str, labels: &str) -> Option<f64> {
        let accept = [("accept", "application/openmetrics-text")];
        let text = self.program.send("GET", "/metrics", &accept, "").await.body;
        assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
        let application = self.application.rsplit('/').next().unwrap();
        let labels = format!("application=\"{application}\",collection=\"users\"{labels}");
        let start = format!("banyan_move_{name}{{{labels}}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(value.parse().unwrap())
    }

    /// Waits until a metric is as it should be: what was seen a moment ago may be told once more.
    async fn tells(&self, name: &str, labels: &str, right: impl Fn(Option<f64>) -> bool) {
        until(&format!("{name}{labels} is right"), async || right(self.metric(name, labels).await))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_alert_on_each_thing_that_a_move_says_of_itself() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let is = |value: f64| move |found| found == Some(value);
    let is_recent = |found: Option<f64>| found.is_some_and(|age| age < 60.0);
    fixture.tells("phase", ",phase=\"following\"", is(1.0)).await;
    fixture.tells("primaries", "", is(1.0)).await;
    let follower = |url: &str| format!(",follower=\"{url}/api/users\"");
    fixture.tells("lag_seconds", &follower(&fixture.target.url), is_recent).await;
    fixture.tells("diff_age_seconds", "", is_recent).await;
    fixture.tells("diff_rows", "", is(0.0)).await;
    fixture.tells("pending_seconds", "", is(0.0)).await;
    assert_eq!(fixture.metric("pause_seconds_count", ",verb=\"switch\"").await, None);

    fixture.done("switch").await;
    fixture.tells("phase", ",phase=\"switched\"", is(1.0)).await;
    assert_eq!(fixture.metric("phase", ",phase=\"following\"").await, None);
    fixture.tells("epoch", ",side=\"target\"", is(2.0)).await;
    fixture.tells("pause_seconds_count", ",verb=\"switch\"", is(1.0)).await;
    fixture.tells("last_command_failed", ",verb=\"switch\"", is(0.0)).await;
    let since_2023 = |found: Option<f64>| found.is_some_and(|at| at > 1.7e9);
    fixture.tells("last_command_timestamp_seconds", ",verb=\"switch\"", since_2023).await;

    fixture.target.with(|copy| copy.dead = true);
    fixture.tells("reachable", ",side=\"target\"", is(0.0)).await;
    fixture.tells("primaries", "", is(0.0)).await;
    fixture.source.with(|copy| copy.dead = true);
    fixture.tells("reachable", ",side=\"source\"", is(0.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_whose_lag_is_not_known_counts_as_infinitely_late_and_two_primaries_are_counted()
{
    let fixture = Fixture::new().await;
    fixture.follow().await;
    let follower = format!(",follower=\"{}/api/users\"", fixture.target.url);
    fixture.target.with(|copy| copy.lag_ms = None);
    fixture.tells("lag_seconds", &follower, |found| found == Some(f64::INFINITY)).await;
    fixture.target.with(|copy| copy.role = Role::Primary);
    fixture.tells("primaries", "", |found| found == Some(2.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_and_a_transaction_that_holds_the_feed_back_are_told() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    let is = |value: f64| move |found| found == Some(value);
    fixture.tells("fenced", ",side=\"source\"", is(0.0)).await;
    fixture.tells("feed_held_seconds", ",side=\"source\"", is(0.0)).await;
    let transaction = BlockingTransaction {
        pid: Some(1),
        prepared: None,
        role: None,
        database: None,
        seconds: 90,
    };
    fixture.source.with(|copy| {
        copy.fence = Some(Fence { id: "a".into(), until_ms: i64::MAX });
        copy.blocked_by = Some(transaction);
    });
    fixture.tells("fenced", ",side=\"source\"", is(1.0)).await;
    fixture.tells("feed_held_seconds", ",side=\"source\"", is(90.0)).await;
    fixture.tells("fenced", ",side=\"target\"", is(0.0)).await;
}
