//! What `banyan status` shows.

use std::future::ready;

use harness::until;

use crate::banyan::signal;
use crate::folder::Folder;
use crate::names::programs;

#[tokio::test]
async fn status_shows_every_program_ready_with_its_address() {
    let folder = Folder::new();
    let board = folder.up().await;
    let status = folder.run(&["status"]).await;
    assert_eq!((status.code, status.stderr.as_str()), (Some(0), ""), "{}", status.stdout);
    assert!(status.stdout.contains(&format!("process id {}", board.banyan.pid())));
    assert_eq!(rows(&status.stdout).len(), programs().count(), "{}", status.stdout);
    // The table is the one that `up` printed.
    assert_eq!(rows(&status.stdout), rows(&board.banyan.stdout()));
}

#[tokio::test]
async fn status_shows_a_program_that_is_down_and_fails_until_it_is_back() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    // An `up` that stands still does not start it again.
    signal("STOP", board.banyan.pid());
    signal("KILL", folder.programs()["threads"]);
    until("threads is gone", || ready(!folder.programs().contains_key("threads"))).await;
    let status = folder.run(&["status"]).await;
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    for row in rows(&status.stdout) {
        let down = row.starts_with("threads ");
        assert_eq!(row.contains("not ready"), down, "{}", status.stdout);
    }
    signal("CONT", board.banyan.pid());
    board.banyan.says("threads is back").await;
    assert_eq!(folder.run(&["status"]).await.code, Some(0));
}

#[tokio::test]
async fn status_says_so_where_nothing_runs() {
    let folder = Folder::new();
    let nothing = async || {
        let status = folder.run(&["status"]).await;
        assert_eq!((status.code, status.stdout.as_str()), (Some(1), ""));
        let said = format!("banyan: nothing runs on {}", folder.data().display());
        assert!(status.stderr.starts_with(&said), "{}", status.stderr);
        assert!(status.stderr.contains("banyan up"), "{}", status.stderr);
    };
    nothing().await;
    assert!(!folder.data().exists(), "to look makes nothing");
    let board = folder.up().await;
    signal("TERM", board.banyan.pid());
    board.banyan.ended().await;
    nothing().await;
    let board = folder.up().await;
    signal("KILL", board.banyan.pid());
    board.banyan.ended().await;
    nothing().await;
}

#[tokio::test]
async fn without_the_control_plane_status_shows_what_it_can_and_fails() {
    let folder = Folder::new();
    let board = folder.up().await;
    assert_eq!(folder.run(&["stop", "refactor"]).await.code, Some(0));
    let unreached = format!("the control plane at {} is not reached", board.url("refactor"));
    let status = folder.run(&["status"]).await;
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    assert_eq!(rows(&status.stdout).len(), programs().count(), "{}", status.stdout);
    assert_eq!(status.stdout.matches(&unreached).count(), 1, "{}", status.stdout);
    for command in ["follow", "diff", "switch", "reverse", "complete", "cancel"] {
        let ended = folder.run(&[command, "users"]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{command}");
        assert!(ended.stderr.contains(&unreached), "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains("`banyan start refactor`"), "{command}: {}", ended.stderr);
    }
    let load = folder.run(&["load", "--writes", "1"]).await;
    assert!(load.stderr.contains(&unreached), "{}", load.stderr);
    assert_eq!(folder.run(&["start", "refactor"]).await.code, Some(0));
    assert_eq!(folder.run(&["status"]).await.code, Some(0));
}

#[tokio::test]
async fn status_says_how_old_a_diff_is() {
    let folder = Folder::new();
    let _board = folder.up().await;
    assert_eq!(folder.run(&["diff", "users"]).await.code, Some(0));
    let status = folder.run(&["status"]).await.stdout;
    let users =
        status.lines().find(|line| line.trim().starts_with("users ") && line.contains(" primary "));
    let (_, diff) = users.expect(&status).rsplit_once("diff verified (4 rows, ").expect(&status);
    let seconds = diff.strip_suffix(" s ago)").map(str::parse::<u64>);
    assert!(seconds.is_some_and(|seconds| seconds.is_ok()), "{status}");
}

/// The rows of the table of programs.
fn rows(printed: &str) -> Vec<&str> {
    let lines = printed.lines().map(str::trim);
    // The table of collections has the same names, and names the primary of each.
    let lines = lines.filter(|line| !line.contains(" primary "));
    lines.filter(|line| programs().any(|name| line.starts_with(name))).collect()
}
