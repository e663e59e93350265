//! The token, and what is refused.

use serde_json::{Value, json};

use crate::Rule;
use crate::Rule::{A1, A2, A3, A4};
use crate::run::Run;
use crate::stop::{Checked, Stop, must};
use crate::subject::{Answer, with_json};
use replication::ErrorCode;

/// Checks what is answered without the token, and to what cannot be read.
pub(crate) async fn check(run: &mut Run) -> Checked {
    tokens(run).await?;
    run.held(&[A1]);
    let proxied = run.subject.request("GET", "ownership").header("via", "1.1 refactor-check");
    let answer = run.subject.send(proxied).await?;
    must!(
        A2,
        answer.status == 404,
        "a request with `Via: 1.1 refactor-check` is answered {}",
        answer.shown()
    );
    run.held(&[A2]);
    unreadable(run).await?;
    run.held(&[A3, A4]);
    Ok(())
}

async fn tokens(run: &Run) -> Checked {
    let subject = &run.subject;
    let body =
        json!({"id": "check-access", "epoch": subject.ownership().await?.epoch, "ms": 1_000});
    for (with, token) in [("no", None), ("another", Some("Bearer another-token-than-this"))] {
        for (method, path) in [("GET", "/-/ownership"), ("GET", "/-/changes"), ("POST", "/-/fence")]
        {
            let mut request = subject.plain(method, path);
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            if method == "POST" {
                request = with_json(request, &body);
            }
            let answer = subject.send(request).await?;
            must!(
                A1,
                answer.status == 404,
                "{method} {path} with {with} token is answered {}",
                answer.shown()
            );
        }
    }
    let fence = subject.ownership().await?.ownership.fence;
    must!(A1, fence.is_none(), "POST /-/fence without the token is 404, and fenced the writes");
    Ok(())
}

async fn unreadable(run: &Run) -> Checked {
    let subject = &run.subject;
    for path in [
        "changes?after=x",
        "changes?another=1",
        "changes?limit=x",
        "ownership?covers=1",
        "digest?another=1",
    ] {
        refused(&format!("GET -/{path}"), &subject.get(path).await?)?;
    }
    let bodies = [
        ("fence", json!({"id": "check", "epoch": "one", "ms": 1})),
        ("fence", json!({"id": "check", "ms": 1})),
        ("release", json!({"id": "check", "another": 1})),
        ("handover", json!({"id": "check", "epoch": 1, "to": {"store": "x", "url": "no URL"}})),
        ("forget", json!({"follower": "not a store"})),
        ("retire", Value::Null),
    ];
    for (step, body) in bodies {
        let shown = format!("POST -/{step} {body}");
        refused(&shown, &subject.post(step, body).await?)?;
    }
    Ok(())
}

fn refused(what: &str, answer: &Answer) -> Checked {
    must!(A3, answer.status == 400, "{what} is answered {}", answer.shown());
    problem(what, answer)
}

/// Checks that an answer is a problem document with a code of its status.
fn problem(what: &str, answer: &Answer) -> Checked {
    let media_type = answer.header("content-type").unwrap_or_default();
    let problem = media_type.starts_with("application/problem+json");
    must!(A4, problem, "{what} is refused with the media type {media_type:?}");
    let said = answer.json()["status"].as_u64();
    must!(
        A4,
        said == Some(answer.status.into()),
        "{what}: the document has another status: {}",
        answer.shown()
    );
    let code = ErrorCode::named(&answer.code());
    let fits = code.is_some_and(|code| code.status() == answer.status);
    must!(A4, fits, "{what} is refused without a code of this status: {}", answer.shown());
    Ok(())
}

/// Checks that something is refused with this code, as a rule says.
pub(super) fn refused_as(rule: Rule, what: &str, answer: &Answer, code: ErrorCode) -> Checked {
    if answer.status != code.status() || answer.code() != code.name() {
        let found = format!("{what} is answered {}, not {} {code}", answer.shown(), code.status());
        return Err(Stop::Broken(rule, found));
    }
    problem(what, answer)
}
