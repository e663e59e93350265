//! Sending one request, and what became of it.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use reqwest::header::{self, HeaderName};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Client, Outcome};
use crate::board::{Answer, Lost};
use crate::content::Collection;

/// After a request failed, so that a board that is down is not asked thousands of times a second.
const REST: Duration = Duration::from_millis(20);
/// Before a request is repeated: one that was given up may still be under way.
const REPEAT_REST: Duration = Duration::from_millis(250);
/// For how long a request is repeated.
const PATIENCE: Duration = Duration::from_secs(30);
impl Client {
    /// Reads a path; gives the answer if its status is one of these.
    pub(super) async fn get(
        &mut self,
        collection: Collection,
        path: &str,
        wanted: &[StatusCode],
    ) -> Option<Answer> {
        let began = Instant::now();
        let mut answer = self.work.board.get(path, &self.record.agent, None).await;
        while self.repeats(&answer, began).await {
            answer = self.work.board.get(path, &self.record.agent, None).await;
        }
        self.record.tally.read(began.elapsed());
        self.work.counts.requests.fetch_add(1, Relaxed);
        match answer {
            Ok(answer) if wanted.contains(&answer.status) => return Some(answer),
            other => self.failed(&Method::GET, collection, &other).await,
        }
        None
    }

    pub(super) async fn write(
        &mut self,
        method: Method,
        collection: Collection,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Option<&Value>,
        expected: StatusCode,
    ) -> Outcome {
        let began = Instant::now();
        let mut all = vec![(header::USER_AGENT, self.record.agent.as_str())];
        all.extend_from_slice(headers);
        let mut answer = self.work.board.send(method.clone(), path, &all, body).await;
        let mut repeated = false;
        while self.repeats(&answer, began).await {
            repeated = true;
            answer = self.work.board.send(method.clone(), path, &all, body).await;
        }
        self.record.tally.write(began - self.work.start, began.elapsed());
        self.work.counts.requests.fetch_add(1, Relaxed);
        if let (true, Ok(answer)) = (repeated, &mut answer) {
            match answer.status {
                // It was deleted before.
                StatusCode::NOT_FOUND if method == Method::DELETE => answer.status = expected,
                // It was changed before, or the member is not as this client knows it.
                StatusCode::PRECONDITION_FAILED if expected != StatusCode::PRECONDITION_FAILED => {
                    self.record.tally.unsure += 1;
                    return Outcome::Unsure;
                }
                _ => {}
            }
        }
        match answer {
            Ok(answer) if answer.status == expected => {
                if let Some(position) = answer.position {
                    let known = self.record.positions.entry(collection).or_default();
                    *known = position.max(*known);
                }
                return Outcome::Expected(answer);
            }
            ref other => self.failed(&method, collection, other).await,
        }
        match answer {
            Ok(answer) if !answer.status.is_server_error() => Outcome::Refused(answer.status),
            Err(Lost { was_sent: false, .. }) => Outcome::Unsent,
            // A program that answers 5xx may not know whether it was done.
            _ => {
                self.record.tally.unsure += 1;
                Outcome::Unsure
            }
        }
    }

    /// Whether a request that began then is sent again, after a pause.
    async fn repeats(&self, answer: &Result<Answer, Lost>, began: Instant) -> bool {
        let unanswered = answer.as_ref().map_or(true, |answer| {
            let status = answer.status.as_u16();
            (502..=504).contains(&status)
        });
        let repeats = self.work.options.repeat && unanswered && began.elapsed() < PATIENCE;
        if repeats {
            sleep(REPEAT_REST).await;
        }
        repeats
    }

    async fn failed(
        &mut self,
        method: &Method,
        collection: Collection,
        answer: &Result<Answer, Lost>,
    ) {
        let (kind, why) = match answer {
            Ok(answer) => (answer.kind(), answer.detail()),
            Err(lost) => (lost.cause.clone(), lost.cause.clone()),
        };
        self.record.tally.failed(&kind, format!("{method} {}: {why}", collection.name()));
        self.work.counts.failed.fetch_add(1, Relaxed);
        sleep(REST).await;
    }
}
