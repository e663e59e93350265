//! What a command is given.

use std::num::NonZero;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::CommandRefusal;

/// The options of a command; each takes what it needs of them.
#[derive(Clone, Debug)]
pub struct CommandOptions {
    /// The id of the application, if there are several.
    pub(super) application: Option<String>,
    /// The base URL of the service.
    pub(super) target: Option<String>,
    /// How fast the copy may be made.
    pub(super) most_rows_per_second: Option<NonZero<u32>>,
    pub(super) most_lag_ms: u64,
    pub(super) force: bool,
    /// Look, and change nothing.
    pub(super) dry_run: bool,
    /// Whether a retired source keeps its rows.
    pub(super) keep_data: bool,
    /// For how long writes may be fenced.
    pub(super) deadline: Duration,
    /// The id of the key that signed for it.
    pub(super) by: Option<String>,
}

/// The same on the wire.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Body {
    application: Option<String>,
    target: Option<String>,
    max_rows_per_second: Option<u32>,
    max_lag_ms: Option<u64>,
    force: bool,
    dry_run: bool,
    keep_data: bool,
    deadline_ms: Option<u64>,
}

/// How far behind a follower may be.
const LAG_MS: u64 = 1_000;
/// For how long writes are fenced unless it is said: less than the proxy keeps a write waiting, so that what is left after a late
/// handover finds it there still.
const DEADLINE_MS: u64 = 3_000;
/// The shortest and the longest that can be said.
const DEADLINES_MS: std::ops::RangeInclusive<u64> = 100..=30_000;

impl CommandOptions {
    /// Reads the body of a command; an empty one says nothing.
    ///
    /// # Errors
    /// 400 that says what cannot be read.
    pub fn read(body: &[u8]) -> Result<Self, CommandRefusal> {
        let body: &[u8] = if body.is_empty() { b"{}" } else { body };
        let invalid = |message: String| CommandRefusal::invalid(message);
        // An array would be read as the options in their order.
        let body: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            invalid(format!("the body takes a JSON object of options: {error}"))
        })?;
        let body: Body = Body::deserialize(Value::Object(body))
            .map_err(|error| invalid(format!("the body cannot be read: {error}")))?;
        let deadline_ms = body.deadline_ms.unwrap_or(DEADLINE_MS);
        if !DEADLINES_MS.contains(&deadline_ms) {
            let (least, most) = (DEADLINES_MS.start(), DEADLINES_MS.end());
            return Err(invalid(format!(
                "deadlineMs is {deadline_ms}, and can be {least} to {most}: so long are writes fenced"
            )));
        }
        if body.max_rows_per_second == Some(0) {
            return Err(invalid("maxRowsPerSecond is 0, which never ends: leave it out".into()));
        }
        Ok(Self {
            application: body.application,
            target: body.target,
            most_rows_per_second: body.max_rows_per_second.and_then(NonZero::new),
            most_lag_ms: body.max_lag_ms.unwrap_or(LAG_MS),
            force: body.force,
            dry_run: body.dry_run,
            keep_data: body.keep_data,
            deadline: Duration::from_millis(deadline_ms),
            by: None,
        })
    }

    /// The same, of a command that this key has signed for.
    #[must_use]
    pub fn by(self, key_id: &str) -> Self {
        Self { by: Some(key_id.to_owned()), ..self }
    }

    /// Of a command that the program gives itself.
    pub(super) fn of_application(application: &str) -> Self {
        Self {
            application: Some(application.to_owned()),
            target: None,
            most_rows_per_second: None,
            most_lag_ms: LAG_MS,
            force: false,
            dry_run: false,
            keep_data: false,
            deadline: Duration::from_millis(DEADLINE_MS),
            by: None,
        }
    }
}
