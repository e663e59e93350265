//! A write that was answered is there after any crash.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use harness::{Program, Setup, until};
use serde_json::json;

const CLIENTS: usize = 32;
const CRASHES: usize = 20;
const WRITES_BETWEEN_CRASHES: usize = 200;

/// What a client was answered for each user it made: the bio, or nothing once deleted. If the
/// crash swallowed the answer to the last write, either side of it may be there.
type Ledger = BTreeMap<u64, Entry>;

#[derive(Clone, Debug, Default)]
struct Entry {
    answered: Option<String>,
    /// What the write that was not answered would have left.
    unanswered: Option<Option<String>>,
}

/// Creates, changes and deletes users until the program is gone.
async fn client(
    board: Arc<Program>,
    name: String,
    ledger: Arc<Mutex<Ledger>>,
    count: Arc<AtomicUsize>,
) {
    for number in 0.. {
        let user = json!({"username": format!("{name}.{number}"), "name": "n", "bio": "0"});
        let json = [("content-type", "application/json")];
        let Ok(created) = board.try_send("POST", "/api/users", &json, &user.to_string()).await
        else {
            return;
        };
        assert_eq!(created.status, 201, "{}", created.body);
        let id = created.json()["id"].as_u64().unwrap();
        let entry = |change: &dyn Fn(&mut Entry)| {
            change(ledger.lock().unwrap().entry(id).or_default());
        };
        entry(&|entry| entry.answered = Some("0".into()));
        count.fetch_add(1, Ordering::Relaxed);
        let path = format!("/api/users/{id}");
        let writes =
            [("PATCH", Some("1".to_owned())), ("PATCH", Some("2".to_owned())), ("DELETE", None)];
        // Some users stay as they were made, some are changed, some are deleted.
        for (method, bio) in writes.into_iter().take(number % 4) {
            entry(&|entry| entry.unanswered = Some(bio.clone()));
            let body = bio.as_ref().map(|bio| json!({ "bio": bio }).to_string());
            let sent = board.try_send(method, &path, &json, &body.unwrap_or_default()).await;
            let Ok(answer) = sent else { return };
            assert!(answer.status < 300, "{}", answer.body);
            entry(&|entry| *entry = Entry { answered: bio.clone(), unanswered: None });
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_write_survives_twenty_kills_under_load() {
    let setup = Setup::new(crate::BINARY).env("RUST_LOG", "warn,server=info");
    let ledger = Arc::new(Mutex::new(Ledger::new()));
    for crash in 0..CRASHES {
        let board = setup.clone().start().await;
        let pid = board.pid();
        let board = Arc::new(board);
        let count = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let name = format!("c{crash}.{number}");
                tokio::spawn(client(
                    Arc::clone(&board),
                    name,
                    Arc::clone(&ledger),
                    Arc::clone(&count),
                ))
            })
            .collect();
        until("enough was written", || {
            let enough = count.load(Ordering::Relaxed) >= WRITES_BETWEEN_CRASHES;
            async move { enough }
        })
        .await;
        harness::signal("KILL", pid);
        for client in clients {
            client.await.unwrap();
        }
    }

    let board = setup.start().await;
    let ledger = ledger.lock().unwrap().clone();
    assert!(ledger.len() > CRASHES * 50, "only {} users were made", ledger.len());
    for (id, entry) in ledger {
        let answer = board.get(&format!("/api/users/{id}")).await;
        let found =
            (answer.status == 200).then(|| answer.json()["bio"].as_str().unwrap().to_owned());
        let possible = found == entry.answered || Some(&found) == entry.unanswered.as_ref();
        assert!(possible, "user {id}: {entry:?}, but found {found:?}");
    }
}
