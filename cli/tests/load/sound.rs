//! Boards that are as they must be.

use serde_json::json;

use crate::run::{Load, load, monolith};

#[tokio::test]
async fn a_sound_board_is_found_to_be_one() {
    let program = monolith().demo().start().await;
    let report = load(&program, &["--clients", "8", "--writes", "400", "--read-after-write"]).await;
    assert_eq!(report.code, Some(0), "{report:?}");
    let json = &report.json;
    assert_eq!(json["url"], format!("{}/api", program.url()));
    assert_eq!(json["writes"], 400);
    assert!(json["reads"].as_u64() >= Some(300), "{json}");
    assert!(json["longestPauseMs"].as_f64() > Some(0.0), "{json}");
    assert_eq!(json["longestPauseMs"], json["writeMs"]["max"]);
    assert!(json["unchecked"].is_null(), "{json}");
    for nothing in ["failed", "unsure", "different"] {
        assert_eq!(json[nothing], 0, "{nothing}");
    }
    let members = json["members"].as_u64();
    assert!(members > Some(100), "{members:?}");
    for (collection, demo) in [("users", 4), ("threads", 3), ("posts", 6)] {
        let all = program.get(&format!("/api/{collection}?limit=1000")).await.json();
        assert!(all.as_array().is_some_and(|all| all.len() > demo), "{collection}");
    }
}

#[tokio::test]
async fn only_what_is_asked_for_is_written_and_a_board_may_be_empty() {
    let program = monolith().start().await;
    let report = load(&program, &["--writes", "30", "--collection", "posts"]).await;
    assert_eq!((report.code, &report.json["different"]), (Some(0), &json!(0)), "{report:?}");
    // One of each, for the posts to name.
    for (collection, count) in [("users", 1), ("threads", 1)] {
        let all = program.get(&format!("/api/{collection}?limit=1000")).await.json();
        assert_eq!(all.as_array().map(Vec::len), Some(count), "{collection}");
    }
}

#[tokio::test]
async fn clients_keep_to_a_rate() {
    let program = monolith().demo().start().await;
    let report = load(&program, &["--clients", "4", "--writes", "40", "--rate", "100"]).await;
    assert_eq!(report.code, Some(0), "{report:?}");
    // The last write is sent 390 ms after the first at the earliest.
    assert!(report.json["seconds"].as_f64() >= Some(0.39), "{report:?}");
}

#[tokio::test]
async fn what_does_not_answer_is_named() {
    let report = Load::start("http://127.0.0.1:1", &[]).report().await;
    assert_eq!(report.code, Some(1));
    assert!(report.stderr.contains("http://127.0.0.1:1/api/users"), "{}", report.stderr);
    let report = Load::start("ftp://127.0.0.1", &[]).report().await;
    assert_eq!(report.code, Some(1));
    assert!(report.stderr.contains("not the http or https URL"), "{}", report.stderr);
}

#[tokio::test]
async fn failures_are_counted_by_their_kind_with_one_example() {
    let program = monolith().demo().env("READ_ONLY", "true").start().await;
    let report = load(&program, &["--clients", "4", "--writes", "30"]).await;
    assert_eq!(report.code, Some(1), "{report:?}");
    let failures = report.json["failures"].as_object().expect("kinds of failures");
    assert_eq!(failures.keys().collect::<Vec<_>>(), ["403 Forbidden"], "{report:?}");
    let forbidden = &failures["403 Forbidden"];
    assert_eq!((&forbidden["count"], &report.json["failed"]), (&json!(30), &json!(30)));
    let example = forbidden["example"].as_str().expect("an example");
    assert!(example.starts_with("POST ") && example.contains("403"), "{example}");
}
