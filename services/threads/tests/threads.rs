//! The threads service over HTTP: its own reads and writes, and what it asks of `users`.

use harness::{Manner, Neighbour, Setup, golden_reads, on_both_stores};
use serde_json::json;

const BINARY: &str = env!("CARGO_BIN_EXE_threads");

on_both_stores!(
    crate::BINARY;
    the_golden_reads_are_given_to_the_byte,
    a_thread_is_written_and_read,
);

async fn the_golden_reads_are_given_to_the_byte(setup: Setup) {
    let threads = setup.demo().start().await;
    golden_reads(&threads, &["threads"]).await;
}

async fn a_thread_is_written_and_read(setup: Setup) {
    let users = Neighbour::start(Manner::Has(vec![3]));
    let threads = setup.env("USERS_URL", users.url()).start().await;
    let thread = json!({"title": "Party", "createdBy": 3});
    let created = threads.json("POST", "/api/threads", &thread).await;
    assert_eq!((created.status, created.header("location")), (201, "/api/threads/1"));
    let read = threads.get("/api/threads/1").await;
    assert_eq!(read.body, r#"{"id":1,"title":"Party","createdBy":3}"#);
    // A title is no username: two threads may share it.
    assert_eq!(threads.json("POST", "/api/threads", &thread).await.json()["id"], 2);
}

/// Threads beside a neighbour that has the user 3.
async fn beside(manner: Manner) -> (Neighbour, harness::Program) {
    let users = Neighbour::start(manner);
    let threads = Setup::new(BINARY).env("USERS_URL", users.url()).start().await;
    (users, threads)
}

#[tokio::test]
async fn a_creator_who_does_not_exist_is_named_with_every_other_fault() {
    let (_users, threads) = beside(Manner::Has(vec![3])).await;
    let post = async |body| threads.json("POST", "/api/threads", &body).await;
    assert_eq!(post(json!({"title": "t", "createdBy": 4})).await.problem(422), ["#/createdBy"]);
    let both = post(json!({"title": "", "createdBy": 4})).await.problem(422);
    assert_eq!(both, ["#/title", "#/createdBy"]);
    assert_eq!(post(json!({"title": "t", "createdBy": 3})).await.status, 201);
    let patch = json!({"createdBy": 4});
    let patched = threads.json("PATCH", "/api/threads/1", &patch).await;
    assert_eq!(patched.problem(422), ["#/createdBy"]);
    let renamed = threads.json("PATCH", "/api/threads/1", &json!({"title": "u"})).await;
    assert_eq!(renamed.status, 200);
}

#[tokio::test]
async fn while_users_is_down_the_known_is_accepted_and_the_unknown_is_a_503() {
    for down in [Manner::HangsUp, Manner::Fails, Manner::Another404, Manner::Hangs] {
        let (users, threads) = beside(Manner::Has(vec![3])).await;
        let by = |id: u64| json!({"title": "t", "createdBy": id});
        assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
        users.behave(down.clone());
        assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201, "{down:?}");
        let unknown = threads.json("POST", "/api/threads", &by(4)).await;
        unknown.problem(503);
        assert_eq!(unknown.header("retry-after"), "1");
        // What is wrong in itself is refused for that.
        let invalid = json!({"title": "", "createdBy": 4});
        let invalid = threads.json("POST", "/api/threads", &invalid).await;
        assert_eq!(invalid.problem(422), ["#/title"]);
        for method in ["PUT", "PATCH"] {
            let invalid = json!({"title": "", "createdBy": 4});
            let invalid = threads.json(method, "/api/threads/1", &invalid).await;
            assert_eq!(invalid.problem(422), ["#/title"], "{method}");
        }
        let listed = threads.get("/api/threads").await.json();
        assert_eq!(listed.as_array().unwrap().len(), 2, "nothing else was stored");
        // A user who is gone by the time users is back is known no longer.
        users.behave(Manner::Has(vec![4]));
        assert_eq!(threads.json("POST", "/api/threads", &by(4)).await.status, 201);
        assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.problem(422).len(), 1);
        users.behave(down);
        threads.json("POST", "/api/threads", &by(3)).await.problem(503);
    }
}

#[tokio::test]
async fn a_repeat_gets_its_first_answer_even_while_users_is_down() {
    let (users, threads) = beside(Manner::Has(vec![3])).await;
    let post = async || {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        threads.send("POST", "/api/threads", &headers, r#"{"title":"t","createdBy":3}"#).await
    };
    let first = post().await;
    users.behave(Manner::Has(vec![]));
    let again = post().await;
    assert_eq!((again.status, &again.body), (201, &first.body));
}

#[tokio::test]
async fn without_users_url_reads_work_and_writes_say_what_is_missing() {
    let threads = Setup::new(BINARY).demo().start().await;
    golden_reads(&threads, &["threads"]).await;
    let thread = json!({"title": "t", "createdBy": 1});
    let refused = threads.json("POST", "/api/threads", &thread).await;
    refused.problem(503);
    assert!(refused.body.contains("USERS_URL"), "{}", refused.body);
    threads.logged("USERS_URL is not set").await;
}

#[tokio::test]
async fn the_trace_of_a_request_goes_on_to_users() {
    let (users, threads) = beside(Manner::Has(vec![3])).await;
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", "abc-1"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "vendor=1"),
    ];
    let body = r#"{"title":"t","createdBy":3}"#;
    assert_eq!(threads.send("POST", "/api/threads", &headers, body).await.status, 201);
    let heads = users.heads();
    assert_eq!(heads.len(), 1);
    assert!(heads[0].starts_with("head /api/users/3 "), "{}", heads[0]);
    for (name, value) in &headers[1..] {
        assert!(heads[0].contains(&format!("{name}: {value}")), "{name} in {}", heads[0]);
    }
}

#[tokio::test]
async fn a_copy_that_does_not_know_a_user_is_not_believed_before_its_primary() {
    let primary = Neighbour::start(Manner::Has(vec![3]));
    let url = format!("{}/api/users", primary.url());
    for copy in [Manner::Names(url.clone()), Manner::Gone(url)] {
        let (_copy, threads) = beside(copy.clone()).await;
        let by = |id: u64| json!({"title": "t", "createdBy": id});
        assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201, "{copy:?}");
        let unknown = threads.json("POST", "/api/threads", &by(4)).await;
        assert_eq!(unknown.problem(422), ["#/createdBy"], "{copy:?}");
    }
    // A primary that sends on again is none, and says nothing.
    let url = format!("{}/api/users", primary.url());
    primary.behave(Manner::Names(url.clone()));
    let (_copy, threads) = beside(Manner::Names(url)).await;
    let thread = json!({"title": "t", "createdBy": 3});
    threads.json("POST", "/api/threads", &thread).await.problem(503);
}

#[tokio::test]
async fn an_empty_program_where_the_primary_was_is_not_believed() {
    let lost = Neighbour::start(Manner::Of(2, Box::new(Manner::Has(vec![3]))));
    let url = format!("{}/api/users", lost.url());
    let (home, threads) = beside(Manner::Follows(vec![3], url)).await;
    let by = |id: u64| json!({"title": "t", "createdBy": id});
    assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
    // The service is lost and the collection is taken back; then it starts again with an empty database, which is the
    // primary of its own first epoch.
    home.behave(Manner::Of(3, Box::new(Manner::Has(vec![3]))));
    for empty in [Manner::Of(1, Box::new(Manner::Has(vec![]))), Manner::Has(vec![])] {
        lost.behave(empty);
        assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
        let unknown = threads.json("POST", "/api/threads", &by(4)).await;
        assert_eq!(unknown.problem(422), ["#/createdBy"]);
    }
}

#[tokio::test]
async fn a_primary_that_does_not_know_that_it_is_none_any_more_confirms_nothing() {
    let newer = Manner::Of(3, Box::new(Manner::Has(vec![3])));
    let (home, threads) = beside(newer.clone()).await;
    let by = |id: u64| json!({"title": "t", "createdBy": id});
    assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
    // User 4 was deleted since; the requests lead to the former primary now and then.
    home.behave(Manner::Of(2, Box::new(Manner::Has(vec![3, 4]))));
    threads.json("POST", "/api/threads", &by(4)).await.problem(503);
    home.behave(newer);
    assert_eq!(threads.json("POST", "/api/threads", &by(4)).await.problem(422), ["#/createdBy"]);
}

#[tokio::test]
async fn a_follower_that_still_has_a_deleted_user_is_not_believed_before_its_primary() {
    let primary = Neighbour::start(Manner::Has(vec![3]));
    let url = format!("{}/api/users", primary.url());
    let (follower, threads) = beside(Manner::Follows(vec![3, 4], url)).await;
    let by = |id: u64| json!({"title": "t", "createdBy": id});
    assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
    let deleted = threads.json("POST", "/api/threads", &by(4)).await;
    assert_eq!(deleted.problem(422), ["#/createdBy"]);
    // If the primary is known, the follower is not asked.
    let asked = follower.heads().len();
    assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
    assert_eq!(follower.heads().len(), asked);
    // While the primary is down, what it confirmed counts, and nothing that only a follower says.
    primary.behave(Manner::HangsUp);
    assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201);
    threads.json("POST", "/api/threads", &by(4)).await.problem(503);
    // The follower becomes the primary.
    follower.behave(Manner::Has(vec![4]));
    assert_eq!(threads.json("POST", "/api/threads", &by(4)).await.status, 201);
    assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.problem(422), ["#/createdBy"]);
}

#[tokio::test]
async fn a_change_of_primary_is_waited_for() {
    let by = |id: u64| json!({"title": "t", "createdBy": id});
    let primary = Neighbour::start(Manner::Has(vec![3]));
    let url = format!("{}/api/users", primary.url());
    let changes = |then| Manner::Changes(4, Box::new(then));
    let (users, threads) = beside(Manner::Has(vec![])).await;
    for settled in [Manner::Has(vec![3]), Manner::Gone(url.clone())] {
        users.behave(changes(settled.clone()));
        let unknown = threads.json("POST", "/api/threads", &by(4)).await;
        assert_eq!(unknown.problem(422), ["#/createdBy"], "{settled:?}");
        users.behave(changes(settled.clone()));
        assert_eq!(threads.json("POST", "/api/threads", &by(3)).await.status, 201, "{settled:?}");
    }
    // The one that is named does not know yet that it is.
    users.behave(Manner::Gone(url));
    primary.behave(changes(Manner::Has(vec![5])));
    assert_eq!(threads.json("POST", "/api/threads", &by(5)).await.status, 201);
}
