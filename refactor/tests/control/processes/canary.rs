//! The limits of a canary count the reads of all live processes.

use std::time::Duration;

use harness::{Manner, Neighbour, Program, postgres, until};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::fixture::{leader, process, proxy};
use crate::client::get;
use crate::users::Users;

/// Two processes, of which the second one does not lead; clients use only that one.
struct Beside {
    programs: Vec<Program>,
    url: String,
}

impl Beside {
    async fn start(url: &str, old: &Neighbour, new: &str, tags: &Value) -> Self {
        let mut programs = vec![process(url, "leads").start().await];
        assert_eq!(leader(&programs).await, 0);
        programs.push(process(url, "follows").start().await);
        Users::make(&programs[0], old.url(), new, tags).await;
        let url = format!("{}/users/1", proxy(&programs[1]).await);
        Self { programs, url }
    }

    async fn ask(&self) -> u16 {
        reqwest::get(&self.url).await.unwrap().status().as_u16()
    }

    async fn canary(&self) -> Value {
        get(&self.programs[1], "/-/canaries").await["canaries"][0].clone()
    }

    /// Asks until the share is this one.
    async fn until_at(&self, percent: u64) {
        until(&format!("the share is {percent} %"), async || {
            self.ask().await;
            self.canary().await["percent"] == percent
        })
        .await;
    }

    /// Why it is back at 0 %.
    async fn reason(&self) -> String {
        self.until_at(0).await;
        self.canary().await["rolledBack"]["reason"].as_str().unwrap().to_owned()
    }
}

fn tags(more: &Value) -> Value {
    let mut tags = json!({
        "banyan:canary-steps": "50 100",
        "banyan:canary-interval-seconds": "1",
        "banyan:canary-min-requests": "5",
    });
    tags.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    tags
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_reads_of_a_process_that_does_not_lead_let_a_canary_rise_and_fall() {
    let database = postgres().await;
    let old = Neighbour::start(Manner::Has(vec![1]));
    let new = Neighbour::start(Manner::Has(vec![1]));
    let beside = Beside::start(database.url(), &old, new.url(), &tags(&json!({}))).await;
    beside.until_at(100).await;
    new.behave(Manner::Fails);
    let reason = beside.reason().await;
    assert!(reason.ends_with("reads failed; the limit is 1 %"), "{reason}");
    assert_eq!(beside.ask().await, 200, "the old service answers");
}

/// A service that takes 50 ms for each answer.
async fn slow() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // A head without a body comes at once.
                while stream.read(&mut [0; 4_096]).await.is_ok_and(|read| read > 0) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn answers_that_begin_too_late_and_answers_that_differ_end_a_canary() {
    let old = Neighbour::start(Manner::Has(vec![1]));
    let late = postgres().await;
    let limit = tags(&json!({ "banyan:canary-max-p99-ms": "20" }));
    let beside = Beside::start(late.url(), &old, &slow().await, &limit).await;
    let reason = beside.reason().await;
    assert!(reason.contains("took longer than 20 ms, the limit of 99 in 100"), "{reason}");

    let different = postgres().await;
    let new = Neighbour::start(Manner::Has(vec![2]));
    let limit = json!({ "banyan:shadow": "100", "banyan:canary-max-mismatch-percent": "1" });
    let beside = Beside::start(different.url(), &old, new.url(), &tags(&limit)).await;
    let reason = beside.reason().await;
    assert!(reason.ends_with("compared answers differed; the limit is 1 %"), "{reason}");
}
