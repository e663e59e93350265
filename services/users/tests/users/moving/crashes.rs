//! Whatever is killed, nothing that was answered is lost.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use harness::{Program, Setup, on_store_pairs, until};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{USERS, create, digest};
use crate::BINARY;

on_store_pairs!(
    crate::BINARY;
    a_source_and_a_copy_that_are_killed_under_load_lose_nothing,
);

const WRITERS: usize = 4;
const CRASHES: usize = 3;
const WRITES_BETWEEN: usize = 60;

/// Clients that write until their program is gone, and what they were answered.
struct Load {
    names: Arc<Mutex<Vec<(u64, String)>>>,
    clients: Vec<JoinHandle<()>>,
    count: Arc<AtomicUsize>,
}

impl Load {
    fn start(url: String, round: usize, names: &Arc<Mutex<Vec<(u64, String)>>>) -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let client = |number: usize| {
            let (url, names, count) = (url.clone(), Arc::clone(names), Arc::clone(&count));
            tokio::spawn(async move {
                let client = harness::client();
                for turn in 0.. {
                    let name = format!("c{round}.{number}.{turn}");
                    let body = json!({"username": name, "name": name}).to_string();
                    let sent = client.post(&url).header("content-type", "application/json");
                    let Ok(answer) = sent.body(body).send().await else { return };
                    assert_eq!(answer.status(), 201);
                    let Ok(body) = answer.text().await else { return };
                    let user: serde_json::Value = serde_json::from_str(&body).unwrap();
                    names.lock().unwrap().push((user["id"].as_u64().unwrap(), name));
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let clients = (0..WRITERS).map(client).collect();
        Self { names: Arc::clone(names), clients, count }
    }

    async fn has_written(&self, enough: usize) {
        until("enough was written", || async { self.count.load(Ordering::Relaxed) >= enough })
            .await;
    }

    /// Waits until all clients have ended.
    async fn ended(self) {
        for client in self.clients {
            client.await.unwrap();
        }
        assert!(!self.names.lock().unwrap().is_empty());
    }
}

async fn check(program: &Program, names: &Mutex<Vec<(u64, String)>>) {
    let names = names.lock().unwrap().clone();
    for (id, name) in names {
        let answer = program.get(&format!("/api/users/{id}")).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.json()["username"], name);
    }
}

async fn a_source_and_a_copy_that_are_killed_under_load_lose_nothing(one: Setup, other: Setup) {
    // The source keeps its address, so that its follower finds it again.
    let mut source = one.on_its_port().start().await;
    let mut target = other.start().await;
    let names = Arc::default();
    for round in 0..CRASHES {
        let load = Load::start(source.collection(USERS), round, &names);
        load.has_written(WRITES_BETWEEN / 2).await;
        if round == 0 {
            // The first crash is in the middle of copying.
            let body = json!({"source": source.collection(USERS), "maxRowsPerSecond": 200});
            target.done(USERS, "follow", body).await;
        }
        load.has_written(WRITES_BETWEEN).await;
        target = target.restart().await;
        load.has_written(2 * WRITES_BETWEEN).await;
        source.kill().await;
        load.ended().await;
        source = source.setup().clone().start().await;
    }
    target.follows(USERS).await;
    target.catch_up(USERS, &source).await;
    assert_eq!(digest(&target).await, digest(&source).await);
    check(&target, &names).await;
    // And so after the ownership has gone over.
    source.hand_over(USERS, &target).await;
    check(&target, &names).await;
    assert_eq!(create(&target, "last").await.status, 201);
}

#[tokio::test]
async fn a_source_that_was_put_back_to_an_older_state_is_refused() {
    let source = Setup::new(BINARY).movable().demo().on_its_port().start().await;
    let target = Setup::new(BINARY).movable().start().await;
    target.follow(USERS, &source).await;
    let mut source = source;
    source.kill().await;
    let folder = source.setup().folder().to_owned();
    let saved = tempfile::tempdir().unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    };
    copy(&folder, saved.path());
    let mut source = source.setup().clone().start().await;
    assert_eq!(create(&source, "bmo").await.status, 201);
    target.catch_up(USERS, &source).await;
    source.kill().await;
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        fs::remove_file(entry.path()).unwrap();
    }
    copy(saved.path(), &folder);
    let source = source.setup().clone().start().await;
    // What it writes now must not be taken for what it wrote before.
    assert_eq!(create(&source, "lsp").await.status, 201);
    target
        .ownership_is(USERS, "it refuses the older state", |document| {
            let detail = document["following"]["detail"].as_str().unwrap_or_default();
            let following = &document["following"];
            following["state"] == "broken"
                && following["code"] == "went_back"
                && detail.contains("older state")
        })
        .await;
    assert_eq!(target.get("/api/users/5").await.json()["username"], "bmo");
    // What it says helps does help.
    target.done(USERS, "cancel", json!({})).await;
    target.follow(USERS, &source).await;
    assert_eq!(target.get("/api/users/5").await.json()["username"], "lsp");
}
