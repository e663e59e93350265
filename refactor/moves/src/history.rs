//! What was done, in order: a line for each command that changed something, or was broken off half-way.

use journal::{Error, Transaction, values};
use serde::{Deserialize, Serialize};

use super::diff_run::DiffRun;
use super::record::{MoveId, MoveRecord, Outcome, Verb};
use super::view::CommandStep;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS move_history (
        seq SEQUENCE,
        document TEXT NOT NULL
    );
";

/// How many lines are kept; the oldest go first.
const KEPT: i64 = 1_000;

/// A command that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The id of the application.
    pub application: String,
    /// The collection; the path of the route, if it is about a route.
    pub collection: String,
    /// The id of the route that it is about, and not a collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The command; `canary`, `canary steps` or `shadow` of a route.
    pub verb: String,
    /// The id of the key that signed for it; none if the control plane did it by itself.
    pub by: Option<String>,
    /// Whether it went on although a check was against it, or a program was lost.
    pub forced: bool,
    /// Whether it did what it was asked for.
    pub done: bool,
    /// In a sentence.
    pub outcome: String,
    /// The epoch since then; none before the first change of primary.
    pub epoch: Option<u64>,
    /// For how long no store took writes.
    pub pause_ms: Option<u64>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Its steps.
    pub steps: Vec<CommandStep>,
}

/// A change of the canary or the shadow of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteNote {
    /// The id of the application.
    pub application: String,
    /// The id of the route.
    pub route: String,
    /// The route's path.
    pub path: String,
    /// `canary`, `canary steps` or `shadow`.
    pub about: String,
    /// What became of it, in a sentence.
    pub outcome: String,
    /// The id of the key that signed for it; none if the control plane did it by itself.
    pub by: Option<String>,
}

/// Whose command it is, and how it was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct CommandOrigin {
    pub(super) by: Option<String>,
    pub(super) forced: bool,
}

impl Done {
    pub(super) fn new(record: &MoveRecord, outcome: &Outcome, asked: &CommandOrigin) -> Self {
        let steps = outcome.steps.iter();
        Self {
            application: record.application.clone(),
            collection: record.collection.clone(),
            route: None,
            verb: outcome.verb.word().to_owned(),
            by: asked.by.clone(),
            forced: asked.forced,
            done: outcome.done,
            outcome: outcome.outcome.clone(),
            epoch: record.epoch,
            pause_ms: outcome.pause_ms,
            at_ms: outcome.at_ms,
            steps: steps.map(|step| CommandStep { text: step.text.clone(), ms: step.ms }).collect(),
        }
    }

    pub(super) fn of_comparison(key: &MoveId, comparison: &DiffRun, now_ms: i64) -> Self {
        let (done, outcome) = comparison.outcome();
        Self {
            application: key.0.clone(),
            collection: key.1.clone(),
            route: None,
            verb: Verb::Diff.word().to_owned(),
            by: comparison.by().map(str::to_owned),
            forced: false,
            done,
            outcome,
            epoch: Some(comparison.epoch()),
            pause_ms: None,
            at_ms: now_ms,
            steps: Vec::new(),
        }
    }

    pub(super) fn of_route(note: &RouteNote, now_ms: i64) -> Self {
        Self {
            application: note.application.clone(),
            collection: note.path.clone(),
            route: Some(note.route.clone()),
            verb: note.about.clone(),
            by: note.by.clone(),
            forced: false,
            done: true,
            outcome: note.outcome.clone(),
            epoch: None,
            pause_ms: None,
            at_ms: now_ms,
            steps: Vec::new(),
        }
    }

    /// Adds it to the history.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(super) fn write(&self, state: &Transaction<'_>) -> Result<(), Error> {
        let document = serde_json::to_string(self)?;
        state.run("INSERT INTO move_history (document) VALUES (?1)", values![document])?;
        let old = "DELETE FROM move_history WHERE seq <= (SELECT max(seq) FROM move_history) - ?1";
        state.run(old, values![KEPT])
    }

    /// The newest, so many at most.
    ///
    /// # Errors
    /// If the state or a document cannot be read.
    pub(super) fn newest(state: &Transaction<'_>, most: u32) -> Result<Vec<Self>, Error> {
        let sql = "SELECT document FROM move_history ORDER BY seq DESC LIMIT ?1";
        state.documents(sql, values![i64::from(most)])
    }
}
