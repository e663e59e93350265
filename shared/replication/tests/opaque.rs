//! A program whose rows are columns by name, as text, and whose keys are text, follows with the same loop.

#![cfg(feature = "follower")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use replication::follower::{CollectionStore, OwnershipCache, Peers, Replicator};
use replication::{
    Applied, Changes, Entry, FeedCursor, Followed, Key, MoveError, Ownership, Peer, Position, Role,
    RowRate,
};
use runtime::Clients;
use serde_json::{Value, json};
use tokio::time::timeout;

/// A row, as PostgreSQL writes its columns; `None` is NULL.
type Columns = BTreeMap<String, Option<String>>;

#[derive(Debug, thiserror::Error)]
#[error("the disk is gone")]
struct NoDisk;

/// Rows in memory.
#[derive(Clone)]
struct Memory(Arc<Mutex<(Ownership, BTreeMap<Key, Columns>)>>);

impl Memory {
    fn new() -> Self {
        let ownership = json!({
            "collection": "things", "store": "copy", "lineage": "own", "role": "primary", "epoch": 1, "since": 0,
            "position": 0, "run": "r", "rows": false,
        });
        Self(Arc::new(Mutex::new((serde_json::from_value(ownership).unwrap(), BTreeMap::new()))))
    }

    fn lock(&self) -> MutexGuard<'_, (Ownership, BTreeMap<Key, Columns>)> {
        self.0.lock().unwrap()
    }
}

type Refused = MoveError<NoDisk>;

impl CollectionStore for Memory {
    type Content = Columns;
    type Error = NoDisk;

    fn role(&self) -> Role {
        self.lock().0.role
    }

    async fn ownership(&self) -> Result<Ownership, NoDisk> {
        Ok(self.lock().0.clone())
    }

    async fn follow(
        &self,
        source: Peer,
        lineage: &str,
        epoch: u64,
        _rate: Option<RowRate>,
    ) -> Result<Ownership, Refused> {
        let own = &mut self.lock().0;
        (own.role, own.lineage, own.epoch) = (Role::Follower, lineage.to_owned(), epoch);
        let (cursor, covered) = (FeedCursor::START, Position::default());
        own.followed = Some(Followed { source, cursor, run: None, covered, copied: false });
        Ok(own.clone())
    }

    async fn apply(
        &self,
        from: FeedCursor,
        page: Arc<Changes<Columns>>,
    ) -> Result<Applied, Refused> {
        let (own, rows) = &mut *self.lock();
        let followed = own.followed.as_mut().ok_or(MoveError::NotFollower { role: own.role })?;
        if followed.cursor != from {
            return Err(MoveError::OtherCursor { present: followed.cursor.clone() });
        }
        let mut promoted = None;
        for entry in &page.entries {
            match entry {
                Entry::Row(row) => match &row.content {
                    Some(columns) => drop(rows.insert(row.key.clone(), columns.clone())),
                    None => drop(rows.remove(&row.key)),
                },
                Entry::Handover(handover) if handover.to.store == own.store => {
                    promoted = Some(handover.epoch)
                }
                Entry::Heartbeat { .. } | Entry::Handover(_) => {}
            }
        }
        followed.cursor = page.cursor.clone();
        if let Some(epoch) = promoted {
            (own.role, own.epoch, own.followed) = (Role::Primary, epoch, None);
        }
        let rate = RowRate(NonZero::new(1_000_000));
        Ok(Applied { rows: page.rows().count() as u64, promoted: promoted.is_some(), rate })
    }

    async fn readdress(&self, _: Peer) -> Result<Ownership, Refused> {
        Err(MoveError::NoSuccessor)
    }

    async fn follow_back(
        &self,
        _: Peer,
        epoch: u64,
        _: u64,
        _: &str,
    ) -> Result<Ownership, Refused> {
        Err(MoveError::NeverHandedOver { epoch })
    }

    async fn give_way(&self, _: Peer, _: &str, _: u64) -> Result<Ownership, Refused> {
        Err(MoveError::Store(NoDisk))
    }

    async fn heartbeat(&self) -> Result<(), Refused> {
        Ok(())
    }

    async fn purge_tombstones(&self) -> Result<u64, NoDisk> {
        Ok(0)
    }
}

/// A source with these pages, one for each cursor, and the URL of its collection.
fn source(pages: Vec<(&'static str, Value)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/things", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(request)) = lines.next() else { continue };
            while lines.next().unwrap().unwrap() != "" {}
            let page = pages.iter().find(|(after, _)| request.contains(&format!("after={after}&")));
            let body = match page {
                Some((_, page)) => page.clone(),
                None => json!({
                    "protocol": 2, "collection": "things", "store": "origin", "lineage": "l", "role": "primary",
                    "epoch": 1, "since": 0, "position": 9, "run": "r", "rows": true, "followers": [],
                }),
            };
            let body = body.to_string();
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length:";
            write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    url
}

fn page(entries: Value, cursor: &str, role: &str) -> Value {
    json!({
        "protocol": 2, "store": "origin", "lineage": "l", "role": role, "epoch": 1, "run": "r", "entries": entries,
        "cursor": cursor, "covered": 9, "latest": 9, "more": false, "nowMs": 5_000,
    })
}

fn row(key: &str, content: Value) -> Value {
    json!({"row": {"key": key, "rev": 0, "createdMs": 0, "updatedMs": 0, "content": content}})
}

#[tokio::test]
async fn rows_that_the_loop_cannot_read_are_copied_and_handed_over() {
    let first = json!([
        row("Zürich/3", json!({"price": "1.00", "note": null})),
        row("gone", json!({"price": "2"})),
        {"heartbeat": {"atMs": 4_990}},
    ]);
    let to = json!({"store": "copy", "url": "http://127.0.0.1:1/api/things"});
    let last = json!([
        row("gone", Value::Null),
        {"handover": {"epoch": 2, "to": to, "position": 9, "lastId": 0}},
    ]);
    let url =
        source(vec![("0%3A", page(first, "7", "primary")), ("7", page(last, "9", "follower"))]);

    let (store, cache) = (Memory::new(), Arc::new(OwnershipCache::new("things")));
    let token = "a-token-for-this-test".parse().unwrap();
    let peers = Peers::new(Some(token), &Arc::new(Clients::new().unwrap()));
    cache.intend(&url);
    let replicator = Replicator::new(store.clone(), peers, Arc::clone(&cache), Vec::new());
    let promoted = async {
        while store.role() != Role::Primary || store.lock().0.epoch != 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let race = async {
        tokio::select! {
            () = replicator.keep() => unreachable!("it never ends"),
            () = promoted => {}
        }
    };
    timeout(Duration::from_secs(60), race).await.expect("the copy becomes the primary");

    let rows = store.lock().1.clone();
    let key = Key::try_from("Zürich/3".to_owned()).unwrap();
    let columns = Columns::from([("price".into(), Some("1.00".into())), ("note".into(), None)]);
    assert_eq!(rows, BTreeMap::from([(key, columns)]));
}
