//! Whether what was read is what the ledger says.

use reqwest::StatusCode;
use serde_json::Value;

use super::differences::shown;
use super::http::Answer;
use super::ledger::{Member, State};

impl Member {
    /// What an answer of 200 or 404 says of the member that it cannot be, as the rest of a sentence.
    pub(crate) fn differs_from(&self, answer: &Answer) -> Option<String> {
        if answer.status == StatusCode::NOT_FOUND {
            let right = self.may_be(|state| state == State::Absent);
            return (!right).then(|| "is not there".to_owned());
        }
        let member = answer.json();
        if let Some(what) = self.differs_from_read(&member) {
            return Some(what);
        }
        let wrong = self.unsure.is_none() && answer.etag != self.etag;
        wrong.then(|| format!("has the ETag {}, not {}", answer.etag, self.etag))
    }

    /// The same for a member in a list, without its tag.
    pub(crate) fn differs_from_read(&self, member: &Value) -> Option<String> {
        let says = |state| match state {
            State::Present(content) => self.collection.says(member, self.token, content),
            State::Absent => false,
        };
        if self.may_be(says) {
            return None;
        }
        let must = match self.sure {
            State::Absent => return Some("is there, although it was deleted".to_owned()),
            State::Present(content) => self.collection.whole(self.token, content),
        };
        Some(format!("is {}, not {}", shown(member), shown(&must)))
    }
}
