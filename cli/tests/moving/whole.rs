//! The whole way of a board under load: its clients notice nothing.

use std::sync::Mutex;

use harness::until;
use serde_json::Value;

use crate::board::{Board, Engine, Plan};
use crate::traffic::Load;
use crate::watch::Watch;

const COLLECTIONS: [&str; 3] = ["users", "threads", "posts"];
const LOAD: [&str; 6] = ["--clients", "6", "--seconds", "600", "--rate", "100"];

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_to_sqlite() {
    whole(Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn sqlite_to_postgresql() {
    whole(Engine::Sqlite, Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn postgresql_to_postgresql() {
    whole(Engine::Postgres, Engine::Postgres).await;
}

/// Everything is followed, compared, switched, reversed, switched again and completed, and the monolith stopped, while
/// clients write and read.
async fn whole(source: Engine, target: Engine) {
    let mut board = Board::start_as(Plan::whole(source, target)).await;
    let watches =
        COLLECTIONS.map(|collection| Watch::start(&board, collection, &["monolith", collection]));
    let load = Load::start(&board, &LOAD);
    for verbs in [&["follow", "diff", "switch"][..], &["reverse"], &["switch", "complete"]] {
        for verb in verbs {
            for collection in COLLECTIONS {
                // If the machine is so busy that a switch takes longer, it is taken back before any client is told
                // that there is no primary.
                let deadline: &[_] = if changes(verb) { &["--deadline-ms", "2000"] } else { &[] };
                let said = patiently(&board, &[&[verb, collection][..], deadline].concat()).await;
                println!("{verb} {collection}: {said}");
            }
        }
    }
    for watch in watches {
        watch.end();
    }
    board.kill("monolith").await;
    let before = newest(&board).await;
    until("posts are made without the monolith", async || newest(&board).await > before + 5).await;
    let report = load.end().await;
    assert_eq!((&report["failed"], &report["different"]), (&0.into(), &0.into()), "{report:#}");
    assert_eq!(report["unchecked"], Value::Null, "{report:#}");
    assert!(report["members"].as_u64() > Some(50), "{report:#}");
}

/// Whether a command changes the primary.
fn changes(verb: &str) -> bool {
    ["switch", "reverse"].contains(&verb)
}

/// On a machine that does many things at once a follower may be behind for a moment, or a program late to answer, and a
/// command says so.
pub(crate) async fn patiently(board: &Board, arguments: &[&str]) -> String {
    let said = Mutex::new(String::new());
    until("it succeeds", async || match board.run(arguments).await {
        Ok(done) => {
            *said.lock().expect("no thread panics with it") = done;
            true
        }
        Err(why) => {
            let passes = ["behind", "in time", "no answer within", "not known", "does not follow"];
            assert!(passes.iter().any(|word| why.contains(word)), "{arguments:?}: {why}");
            false
        }
    })
    .await;
    said.into_inner().expect("no thread panics with it")
}

/// The highest id of a post.
async fn newest(board: &Board) -> u64 {
    let page = board.program("posts").get("/api/posts?order=desc&limit=1&view=full").await;
    page.json()[0]["id"].as_u64().expect("an id")
}
