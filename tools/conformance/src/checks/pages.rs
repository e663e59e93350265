//! Reading the feed as a follower does.

use std::collections::BTreeMap;

use replication::{Changes, Entry, FeedCursor, Key};
use serde_json::Value;

use crate::stop::{Checked, Stop, must};
use crate::subject::Subject;
use crate::{Rule, subject};

/// The rows that a reader of the feed has: `rev` and content of each.
pub(super) type Rows = BTreeMap<Key, (u64, Value)>;

/// A reader of a feed.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) cursor: FeedCursor,
    pub(super) heard: Option<String>,
    pub(super) rows: Rows,
}

impl Reader {
    /// One that begins.
    pub(super) fn new() -> Self {
        Self { cursor: FeedCursor::START, heard: None, rows: Rows::new() }
    }

    /// Reads the next page.
    pub(super) async fn page(
        &mut self,
        subject: &Subject,
        limit: usize,
        wait_ms: u64,
    ) -> Checked<Changes<Value>> {
        let mut query = vec![
            ("after", self.cursor.to_string()),
            ("limit", limit.to_string()),
            ("wait", wait_ms.to_string()),
        ];
        query.extend(self.heard.clone().map(|heard| ("run", heard)));
        let answer = subject.query("changes", &query).await?;
        let page = read(&answer)?;
        let (before, after) = (&self.cursor, &page.cursor);
        must!(F4, after >= before, "a page after {before} ends at {after}");
        must!(
            F4,
            !page.more || !page.entries.is_empty(),
            "a page after {before} has no entry, and `more` is true"
        );
        let covered = page.covered;
        must!(F5, !page.more || covered == 0, "a full page after {before} promises {covered}");
        for row in page.rows() {
            let content = row.content.clone().map(|content| (row.rev, content));
            match content {
                Some(row_now) => drop(self.rows.insert(row.key.clone(), row_now)),
                None => drop(self.rows.remove(&row.key)),
            }
        }
        (self.cursor, self.heard) = (page.cursor.clone(), Some(page.heard()));
        Ok(page)
    }

    /// Reads until a page promises everything up to a place.
    pub(super) async fn until(&mut self, subject: &Subject, limit: usize, place: u64) -> Checked {
        // A place that does not come is a fault of the program, and no reason to wait for ever.
        for _ in 0..100_000 {
            let page = self.page(subject, limit, 1_000).await?;
            if page.covered >= place {
                return Ok(());
            }
        }
        let found = format!("the feed does not come to the place {place}, which a write has");
        Err(Stop::Broken(Rule::F5, found))
    }
}

/// Reads a page.
fn read(answer: &subject::Answer) -> Checked<Changes<Value>> {
    if answer.status != 200 {
        return Err(Stop::Failed(format!("a page of the feed is answered {}", answer.shown())));
    }
    serde_json::from_str(&answer.body)
        .map_err(|error| Stop::Broken(Rule::F2, format!("{error}: {}", answer.shown())))
}

/// The heartbeats of a page.
pub(super) fn heartbeats(page: &Changes<Value>) -> usize {
    page.entries.iter().filter(|entry| matches!(entry, Entry::Heartbeat { .. })).count()
}
