//! Rows that the checks write as clients do.

use replication::Position;
use serde_json::Value;
use url::Url;

use crate::stop::{Checked, Stop};
use crate::subject::{Answer, Subject};
use crate::{Options, Rule};

/// How clients write.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    row: String,
    change: String,
    change_with: String,
}

/// A row that a client made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The URL at which it is read and changed.
    pub(crate) url: String,
    /// How far the store was after it was made.
    pub(crate) position: Position,
}

impl Sample {
    pub(crate) fn of(options: &Options) -> Result<Self, String> {
        let Options { row, change, change_with, .. } = options.clone();
        for (option, json) in [("--row", &row), ("--change", &change)] {
            let read = serde_json::from_str::<Value>(json);
            read.map_err(|error| format!("{option} is no JSON: {error}"))?;
        }
        Ok(Self { row, change, change_with })
    }

    /// Asks for a new row.
    pub(crate) async fn try_create(&self, subject: &Subject, n: u64) -> Checked<Answer> {
        let request = subject.plain("POST", "").header("content-type", "application/json");
        subject.send(request.body(numbered(&self.row, n))).await
    }

    /// Makes a row.
    pub(crate) async fn create(&self, subject: &Subject, n: u64) -> Checked<Made> {
        let answer = self.try_create(subject, n).await?;
        if answer.status != 201 && answer.status != 200 {
            let why = "a row cannot be made (see --row)";
            return Err(Stop::Failed(format!("{why}: {}", answer.shown())));
        }
        made(subject, &answer)
    }

    /// Asks for a change.
    pub(crate) async fn try_change(
        &self,
        subject: &Subject,
        made: &Made,
        n: u64,
    ) -> Checked<Answer> {
        let request = subject.at(&self.change_with, &made.url);
        let request = request.header("content-type", "application/json");
        subject.send(request.body(numbered(&self.change, n))).await
    }

    /// Changes a row, and gives how far the store is then.
    pub(crate) async fn change(&self, subject: &Subject, made: &Made, n: u64) -> Checked<Position> {
        let answer = self.try_change(subject, made, n).await?;
        if !(200..300).contains(&answer.status) {
            let why = "a row cannot be changed (see --change and --change-with)";
            return Err(Stop::Failed(format!("{why}: {}", answer.shown())));
        }
        position(&answer)
    }

    /// Deletes a row.
    pub(crate) async fn delete(&self, subject: &Subject, made: &Made) -> Checked<Position> {
        let answer = subject.send(subject.at("DELETE", &made.url)).await?;
        if !(200..300).contains(&answer.status) {
            return Err(Stop::Failed(format!("a row cannot be deleted: {}", answer.shown())));
        }
        position(&answer)
    }
}

/// The text with another number for each `{n}`.
fn numbered(text: &str, n: u64) -> String {
    text.replace("{n}", &n.to_string())
}

/// The row that an answer names: `Location`, or else the member `id` below the collection.
pub(crate) fn made(subject: &Subject, answer: &Answer) -> Checked<Made> {
    let below = |id: &Value| match id {
        Value::String(id) => Some(format!("{}/{id}", subject.url)),
        Value::Number(id) => Some(format!("{}/{id}", subject.url)),
        _ => None,
    };
    let base = Url::parse(&subject.url).ok();
    let location = answer.header("location").zip(base);
    let location = location.and_then(|(location, base)| base.join(location).ok());
    let url = location.map(String::from).or_else(|| below(&answer.json()["id"]));
    let url = url.ok_or_else(|| {
        Stop::Failed(format!("a new row has neither Location nor `id`: {}", answer.shown()))
    })?;
    Ok(Made { url, position: position(answer)? })
}

/// How far the store was.
pub(crate) fn position(answer: &Answer) -> Checked<Position> {
    let lacks = || {
        let found = format!("an answer has no Banyan-Position: {}", answer.shown());
        Stop::Broken(Rule::C2, found)
    };
    answer.position().ok_or_else(lacks)
}
