//! Looks at the primaries all the time, whatever else happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::board::Board;

/// How often each program is asked.
const EVERY: Duration = Duration::from_millis(10);
/// Longer than a program needs that does not stand still.
const PATIENCE: Duration = Duration::from_secs(1);

/// A task for each program that asks it, until this is dropped.
pub(crate) struct Watch {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the programs said so far.
#[derive(Debug, Default)]
struct Seen {
    /// The stores that said that they own an epoch.
    primaries: BTreeMap<u64, BTreeSet<String>>,
    /// The last epoch of each store, as each program said it: two programs of one store are asked at once, and the one that
    /// was asked first may be heard last.
    epochs: BTreeMap<(String, String), u64>,
    wrong: Vec<String>,
}

impl Watch {
    /// Watches which of these programs is primary for a collection.
    pub(crate) fn start(board: &Board, collection: &str, programs: &[&str]) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let tasks = programs.iter().map(|program| {
            let url = format!("{}/api/{collection}/-/ownership", board.program(program).url());
            let request = harness::client().get(url).timeout(PATIENCE);
            let request = request.bearer_auth(harness::MOVE_TOKEN);
            let (seen, program) = (Arc::clone(&seen), (*program).to_owned());
            tokio::spawn(async move {
                loop {
                    let request = request.try_clone().expect("it has no body");
                    // A program that does not run says nothing.
                    if let Ok(answer) = request.send().await
                        && let Ok(body) = answer.bytes().await
                    {
                        let ownership = serde_json::from_slice(&body).unwrap_or_default();
                        seen.lock().expect("no thread panics with it").note(&program, &ownership);
                    }
                    sleep(EVERY).await;
                }
            })
        });
        let tasks = tasks.collect();
        Self { seen, tasks }
    }

    /// What must never have been.
    #[track_caller]
    pub(crate) fn end(self) {
        let seen = self.seen.lock().expect("no thread panics with it");
        assert!(seen.wrong.is_empty(), "{:?}", seen.wrong);
        assert!(!seen.primaries.is_empty(), "no primary was seen");
        for (epoch, primaries) in &seen.primaries {
            assert_eq!(primaries.len(), 1, "primaries of epoch {epoch}: {primaries:?}");
        }
    }
}

impl Seen {
    fn note(&mut self, program: &str, ownership: &Value) {
        let (Some(store), Some(epoch)) = (ownership["store"].as_str(), ownership["epoch"].as_u64())
        else {
            return self.wrong.push(format!("no ownership: {ownership}"));
        };
        if ownership["role"] == "primary" {
            self.primaries.entry(epoch).or_default().insert(store.to_owned());
        }
        let said = (program.to_owned(), store.to_owned());
        let before = self.epochs.insert(said, epoch).unwrap_or_default();
        if epoch < before {
            self.wrong
                .push(format!("{program}: {store} was in epoch {before} and then in {epoch}"));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
