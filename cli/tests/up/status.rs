//! What `banyan status` shows.

use std::future::ready;

use harness::until;

use crate::banyan::signal;
use crate::board::PROGRAMS;
use crate::folder::Folder;

#[tokio::test]
async fn status_shows_every_program_ready_with_its_address() {
    let folder = Folder::new();
    let board = folder.up().await;
    let status = folder.run(&["status"]).await;
    assert_eq!((status.code, status.stderr.as_str()), (Some(0), ""), "{}", status.stdout);
    assert!(status.stdout.contains(&format!("process id {}", board.banyan.pid())));
    assert_eq!(rows(&status.stdout).len(), PROGRAMS.len(), "{}", status.stdout);
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

/// The rows of the table of programs.
fn rows(printed: &str) -> Vec<&str> {
    let lines = printed.lines().map(str::trim);
    // The table of collections has the same names, and says who owns them.
    let lines = lines.filter(|line| !line.contains(" owner "));
    lines.filter(|line| PROGRAMS.iter().any(|(name, _)| line.starts_with(name))).collect()
}
