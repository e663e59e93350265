//! What happens when a program, or `up` itself, is killed.

use std::fs;
use std::future::ready;
use std::time::Duration;

use harness::until;
use serde_json::json;

use crate::banyan::{Banyan, signal};
use crate::folder::{Folder, alone};

#[tokio::test]
async fn a_killed_service_is_started_again_and_the_others_go_on_meanwhile() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    folder.switch(&["users", "threads", "posts"]).await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let bmo = board.post("users", "/api/users", &bmo).await.created();
    let by = |user: u64| json!({"thread": 2, "text": "Is there cake?", "user": user});
    assert_eq!(board.post("posts", "/api/posts", &by(bmo)).await.status, 201);

    let before = folder.programs();
    // An `up` that stands still starts nothing: users stays down for as long as the test needs.
    signal("STOP", board.banyan.pid());
    signal("KILL", before["users"]);
    until("users is gone", || ready(!folder.programs().contains_key("users"))).await;
    assert_eq!(board.post("posts", "/api/posts", &by(bmo)).await.status, 201, "a user it knows");
    let unknown = board.post("posts", "/api/posts", &by(1)).await;
    assert_eq!(unknown.status, 503, "{}", unknown.body);
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    assert_eq!(unknown.header("retry-after"), "1");
    let posts = board.get("posts", "/api/posts/by-user/1").await;
    assert!(!posts.body.contains("cake"), "what was refused is not stored: {}", posts.body);
    // It follows users, and its readers notice nothing.
    assert_eq!(board.get("monolith", &format!("/api/users/{bmo}")).await.status, 200);
    board.golden_reads("threads", &["threads"]).await;

    signal("CONT", board.banyan.pid());
    board.banyan.says("users was ended by signal 9; starting it again").await;
    board.banyan.says("users is back").await;
    assert_eq!(board.get("users", &format!("/api/users/{bmo}")).await.json()["name"], "BMO");
    assert_eq!(board.post("posts", "/api/posts", &by(1)).await.status, 201);
    let mut after = folder.programs();
    assert_ne!(after.insert("users".to_owned(), before["users"]), Some(before["users"]));
    assert_eq!(after, before, "the others are the same processes");
}

#[tokio::test]
async fn when_nobody_reads_what_up_says_it_goes_on_and_still_starts_programs_again() {
    let folder = Folder::new();
    let alone = alone().await;
    let mut command = folder.command(&["up", "--port-base", "0", "--data-dir"]);
    command.arg(folder.data());
    let banyan = Banyan::start_unread_after(command, "The board is up.").await;
    drop(alone);
    let first = folder.programs()["users"];
    signal("KILL", first);
    until("users is gone", || ready(folder.programs().get("users") != Some(&first))).await;
    until("all is ready", || async { folder.run(&["status"]).await.code == Some(0) }).await;
    assert_ne!(folder.programs()["users"], first);
    signal("TERM", banyan.pid());
    let ended = banyan.ended().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(folder.programs(), [].into());
}

#[tokio::test]
async fn when_up_is_killed_its_programs_end_by_themselves_and_a_new_up_goes_on() {
    let folder = Folder::new();
    let board = folder.up().await;
    folder.switch(&["users"]).await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let bmo = board.post("users", "/api/users", &bmo).await.created();
    assert_eq!(folder.programs().len(), board.addresses.len());
    signal("KILL", board.banyan.pid());
    assert_eq!(board.banyan.ended().await.code, None);
    until("every program has ended", || ready(folder.programs().is_empty())).await;

    let board = folder.up().await;
    assert_eq!(board.get("users", &format!("/api/users/{bmo}")).await.json()["name"], "BMO");
    assert_eq!(folder.run(&["status"]).await.code, Some(0));
}

#[tokio::test]
async fn a_program_that_is_stopped_while_it_waits_after_a_crash_is_not_started_once_more() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    let mut last = None;
    // Long enough for `banyan stop` to be heard before that.
    while !board.banyan.stdout().contains("starting it again in 6400 ms") {
        let next = folder.programs().get("users").copied().filter(|pid| Some(*pid) != last);
        if let Some(pid) = next {
            signal("KILL", pid);
            last = next;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = || fs::read_to_string(folder.data().join("logs/users.log")).expect("it has a log");
    let before = log();
    let stopped = folder.run(&["stop", "users"]).await;
    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(0), "users is stopped\n"));
    board.banyan.says("users is stopped; `banyan start users` starts it again").await;
    assert_eq!(log(), before, "it was started once more");
    assert!(!folder.programs().contains_key("users"));
    // Again, as any command.
    assert_eq!(folder.run(&["stop", "users"]).await.code, Some(0));
    let started = folder.run(&["start", "users"]).await;
    assert_eq!((started.code, started.stdout.as_str()), (Some(0), "users is ready\n"));
    assert_eq!(folder.run(&["stop", "users"]).await.code, Some(0));
    assert!(!folder.programs().contains_key("users"), "it has ended when `stop` says so");
}
