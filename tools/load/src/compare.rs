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
        let differs = |content| self.collection.differs(member, self.token, content);
        let says = |state| match state {
            State::Present(content) => differs(content).is_none(),
            State::Absent => false,
        };
        if self.may_be(says) {
            return None;
        }
        let State::Present(content) = self.sure else {
            return Some("is there, although it was deleted or never made so".to_owned());
        };
        let (field, must) = differs(content)?;
        Some(format!("has the {field} {}, not {}", shown(&member[&field]), shown(&must)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::load::content::{Collection, Content, Token};
    use crate::load::http::Answer;
    use crate::load::ledger::{Ledger, State};

    const TOKEN: Token = Token { run: 7, client: 3, number: 0 };
    const FIRST: Content = Content { version: 1, user: 1, thread: 2 };
    const SECOND: Content = Content { version: 2, ..FIRST };

    fn made() -> Ledger {
        let mut ledger = Ledger::new(TOKEN.run, TOKEN.client);
        ledger.made(Collection::Posts, 11, "\"1-full\"".to_owned(), FIRST);
        ledger
    }

    async fn differs(ledger: &Ledger, status: u16, etag: &str, body: Value) -> bool {
        let answer = http::Response::builder().status(status).header("etag", etag);
        let answer = answer.body(body.to_string()).unwrap();
        let Ok(answer) = Answer::read(answer.into()).await else { panic!("it is all there") };
        ledger.member(0).differs_from(&answer).is_some()
    }

    #[tokio::test]
    async fn a_read_must_give_what_was_written_last_with_its_tag() {
        let post = |content| Collection::Posts.whole(TOKEN, content);
        let mut ledger = made();
        assert!(!differs(&ledger, 200, "\"1-full\"", post(FIRST)).await);
        assert!(differs(&ledger, 404, "", Value::Null).await);
        ledger.changed(0, "\"2-full\"".to_owned(), SECOND);
        assert!(!differs(&ledger, 200, "\"2-full\"", post(SECOND)).await);
        assert!(differs(&ledger, 200, "\"1-full\"", post(FIRST)).await);
        assert!(differs(&ledger, 200, "\"3-full\"", post(SECOND)).await);
        ledger.deleted(0);
        assert!(!differs(&ledger, 404, "", Value::Null).await);
        assert!(differs(&ledger, 200, "\"2-full\"", post(SECOND)).await);
    }

    #[tokio::test]
    async fn after_a_lost_answer_a_read_may_give_either() {
        let post = |content| Collection::Posts.whole(TOKEN, content);
        let mut ledger = made();
        ledger.maybe(0, State::Present(SECOND));
        assert!(!differs(&ledger, 200, "\"1-full\"", post(FIRST)).await);
        assert!(!differs(&ledger, 200, "\"2-full\"", post(SECOND)).await);
        assert!(differs(&ledger, 404, "", Value::Null).await);
    }
}
