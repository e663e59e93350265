//! Whether what was read is what the ledger says.

use serde_json::Value;

use crate::board::Answer;
use crate::content::{Collection, MemberContent, Token};
use crate::ledger::Ledger;

const TOKEN: Token = Token { run: 7, client: 3, number: 0 };
const FIRST: MemberContent = MemberContent { version: 1, user: 1, thread: 2 };
const SECOND: MemberContent = MemberContent { version: 2, ..FIRST };

fn made() -> Ledger {
    let mut ledger = Ledger::new(TOKEN.run, TOKEN.client);
    ledger.made(Collection::Posts, 11, "\"1-full\"".to_owned(), FIRST);
    ledger
}

async fn differs(ledger: &Ledger, status: u16, etag: &str, body: Value) -> bool {
    let answer = http::Response::builder().status(status).header("etag", etag);
    let answer = answer.body(body.to_string()).unwrap();
    let Ok(answer) = Answer::read(answer.into()).await else { panic!("it is all there") };
    ledger.members()[0].differs_from(&answer).is_some()
}

#[tokio::test]
async fn a_read_must_give_what_was_written_last_with_its_tag() {
    let post = |content| Collection::Posts.whole(TOKEN, content);
    let mut ledger = made();
    assert!(!differs(&ledger, 200, "\"1-full\"", post(FIRST)).await);
    assert!(differs(&ledger, 404, "", Value::Null).await);
    ledger.changed(0, "\"2-full\"".to_owned(), Some(SECOND));
    assert!(!differs(&ledger, 200, "\"2-full\"", post(SECOND)).await);
    assert!(differs(&ledger, 200, "\"1-full\"", post(FIRST)).await);
    assert!(differs(&ledger, 200, "\"3-full\"", post(SECOND)).await);
    ledger.changed(0, String::new(), None);
    assert!(!differs(&ledger, 404, "", Value::Null).await);
    assert!(differs(&ledger, 200, "\"2-full\"", post(SECOND)).await);
}

#[tokio::test]
async fn after_a_lost_answer_a_read_may_give_either() {
    let post = |content| Collection::Posts.whole(TOKEN, content);
    let mut ledger = made();
    ledger.maybe(0, Some(SECOND));
    assert!(!differs(&ledger, 200, "\"1-full\"", post(FIRST)).await);
    assert!(!differs(&ledger, 200, "\"2-full\"", post(SECOND)).await);
    assert!(differs(&ledger, 404, "", Value::Null).await);
}
