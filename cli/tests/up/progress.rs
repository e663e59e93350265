//! How far a long command is: a bar on a terminal, lines elsewhere. The control plane is one that stands still until the
//! test has seen it.

use std::future::ready;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use harness::until;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::banyan::Banyan;
use crate::folder::Folder;
use crate::terminal::Terminal;

/// A move that is half-way until it is told to end.
struct HalfWay {
    url: String,
    ends: Arc<AtomicBool>,
}

impl HalfWay {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read_buf(&mut head).await {
                        Ok(0) | Err(_) => break,
                        Ok(_) => {}
                    }
                }
                let found = found(ended.load(Relaxed));
                let is_list = head.starts_with(b"GET ");
                let body = if is_list { json!({ "moves": [found] }) } else { found }.to_string();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { url, ends }
    }

    /// `banyan` with this verb, asking it.
    fn command(&self, folder: &Folder, verb: &str) -> Command {
        let mut command = folder.command(&[verb, "users", "--control", &self.url]);
        command.env("AWS_ACCESS_KEY_ID", "K").env("AWS_SECRET_ACCESS_KEY", "S");
        command
    }
}

fn found(ended: bool) -> Value {
    let ownership = |role: &str, following: Value| {
        json!({
            "protocol": 1, "collection": "users", "store": "s", "lineage": "l", "role": role, "epoch": 1, "since": 0,
            "position": 9, "run": "r", "rows": true, "following": following, "followers": [],
        })
    };
    let (state, rows, left) = if ended { ("following", 40, 0) } else { ("copying", 10, 30) };
    let following = json!({
        "state": state, "rows": rows, "rowsPerSecond": 5, "lagChanges": left, "lagMs": 7, "throttled": false,
    });
    let diff = if ended {
        json!({ "state": "verified", "rowsCompared": 40 })
    } else {
        json!({ "state": "running", "rowsCompared": 20, "progress": { "id": "20", "of": "40" } })
    };
    json!({
        "collection": "users", "application": "app", "phase": state, "diff": diff, "causes": ["it is slow"],
        "source": { "url": "http://a/users", "ownership": ownership("primary", Value::Null) },
        "target": { "url": "http://b/users", "ownership": ownership("follower", following) },
    })
}

#[tokio::test]
async fn follow_and_diff_show_a_bar_on_a_terminal_and_take_it_away() {
    let (folder, control) = (Folder::new(), HalfWay::start().await);
    for (verb, bar, said) in [
        (
            "follow",
            "[######------------------]  25 %  copying: 10 rows, 5 rows/s, lag 7 ms; it is slow",
            "users: caught up",
        ),
        (
            "diff",
            "[############------------]  50 %  20 rows compared, 0 rows/s, up to id 20 of 40",
            "users: verified; 40 rows compared, none differs",
        ),
    ] {
        control.ends.store(false, Relaxed);
        let terminal = Terminal::run(control.command(&folder, verb), 100);
        until(&format!("{verb} shows {bar}"), || ready(terminal.text().contains(bar))).await;
        control.ends.store(true, Relaxed);
        let text = terminal.ended().await;
        let (_, last) = text.rsplit_once("\r\u{1b}[K").expect("the bar is taken away");
        assert!(last.trim_end().ends_with(said) && !last.contains('['), "{text:?}");
        // It is drawn again only if something has changed.
        assert_eq!(text.matches(bar).count(), 1, "{text:?}");
    }
    control.ends.store(false, Relaxed);
    let narrow = Terminal::run(control.command(&folder, "follow"), 40);
    until("the bar is cut", || {
        ready(narrow.text().contains("[######------------------]  25 %  co…"))
    })
    .await;
}

#[tokio::test]
async fn follow_and_diff_write_lines_where_there_is_no_terminal() {
    let (folder, control) = (Folder::new(), HalfWay::start().await);
    for (verb, line) in [
        ("follow", "  copying: 10 rows, 5 rows/s, lag 7 ms\n  it is slow\n"),
        ("diff", " rows/s, up to id 20 of 40\n"),
    ] {
        control.ends.store(false, Relaxed);
        let mut banyan = Banyan::start(control.command(&folder, verb));
        banyan.says(line).await;
        control.ends.store(true, Relaxed);
        let ended = banyan.ended().await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(!ended.stdout.contains(['\r', '\u{1b}', '#']), "{:?}", ended.stdout);
    }
    // A terminal without control sequences gets lines too.
    control.ends.store(false, Relaxed);
    let mut command = control.command(&folder, "follow");
    command.env("TERM", "dumb");
    let dumb = Terminal::run(command, 100);
    until("it writes a line", || ready(dumb.text().contains("  copying: 10 rows"))).await;
    assert!(!dumb.text().contains(['\u{1b}', '#']));
}

#[tokio::test]
async fn load_shows_how_far_it_is_beside_its_report() {
    let monolith = harness::Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg("monolith");
    let (folder, monolith) = (Folder::new(), monolith.demo().start().await);
    let url = monolith.url();
    let load = |more: &[&str]| {
        folder.command(&[&["load", "--url", &url, "--clients", "2", "--rate", "50"], more].concat())
    };
    let terminal = Terminal::run(load(&["--seconds", "3"]), 100);
    for part in ["] ", " %  ", " s left, ", " requests/s, 0 failed"] {
        until(&format!("it shows {part:?}"), || ready(terminal.text().contains(part))).await;
    }
    let text = terminal.ended().await;
    let (_, report) = text.rsplit_once("\r\u{1b}[K").expect("the bar is taken away");
    assert!(report.trim_start().starts_with("2 clients asked "), "{text:?}");
    // The lines stand apart from the report; a report for machines has none.
    let plain = Banyan::start(load(&["--seconds", "6"])).ended().await;
    assert!(plain.stderr.contains(" requests/s, 0 failed\n"), "{plain:?}");
    assert!(plain.stdout.starts_with("2 clients asked "), "{plain:?}");
}
