//! The program that is checked, as it answers.

use std::time::Duration;

use replication::{Position, SideStatus, headers};
use reqwest::{Client, Method, RequestBuilder};
use runtime::{Token, chain};
use serde_json::Value;
use url::form_urlencoded;

use crate::stop::{Checked, Stop, must};

/// How long an answer may take, whatever is asked.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// The members that the document must have.
const OPENAPI: &str = include_str!("../../../docs/protocol.openapi.json");

/// One side of a move: a collection at a program.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    http: Client,
    token: Token,
    /// The URL of the collection.
    pub(crate) url: String,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, if it has one.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How far the store was.
    pub(crate) fn position(&self) -> Option<Position> {
        self.header(headers::POSITION)?.parse().ok()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and body in a line.
    pub(crate) fn shown(&self) -> String {
        let start: String = self.body.chars().take(300).collect();
        format!("{} {start}", self.status)
    }
}

impl Subject {
    pub(crate) fn new(http: Client, token: Token, url: &str) -> Self {
        Self { http, token, url: url.trim_end_matches('/').to_owned() }
    }

    /// A request below the collection's URL, without the token.
    pub(crate) fn plain(&self, method: &str, path: &str) -> RequestBuilder {
        self.at(method, &format!("{}{path}", self.url))
    }

    /// A request to any URL of the program.
    pub(crate) fn at(&self, method: &str, url: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        self.http.request(method, url)
    }

    /// A request of the protocol, with the token.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.plain(method, &format!("/-/{path}")).header("authorization", self.token.bearer())
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Checked<Answer> {
        let url = &self.url;
        let failed = |error: reqwest::Error| Stop::Failed(format!("{url}: {}", chain(&error)));
        let answer = request.timeout(ANSWER_TIME).send().await.map_err(failed)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Answer { status, headers, body: answer.text().await.map_err(failed)? })
    }

    /// `GET -/<path>` with a query.
    pub(crate) async fn query(&self, path: &str, query: &[(&str, String)]) -> Checked<Answer> {
        let pairs = query.iter().map(|(name, value)| (*name, value.as_str()));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.get(&format!("{path}?{query}")).await
    }

    /// `GET -/<path>`.
    pub(crate) async fn get(&self, path: &str) -> Checked<Answer> {
        self.send(self.request("GET", path)).await
    }

    /// `POST -/<step>`.
    pub(crate) async fn post(&self, step: &str, body: Value) -> Checked<Answer> {
        self.send(with_json(self.request("POST", step), &body)).await
    }

    /// The same, which must be done.
    pub(crate) async fn done(&self, step: &str, body: Value) -> Checked<SideStatus> {
        let shown = format!("POST -/{step} {body}");
        let answer = self.post(step, body).await?;
        if answer.status != 200 {
            return Err(Stop::Failed(format!("{shown} is answered {}", answer.shown())));
        }
        document(&answer)
    }

    /// The document of ownership.
    pub(crate) async fn ownership(&self) -> Checked<SideStatus> {
        document(&self.get("ownership").await?)
    }
}

/// A request with a body in JSON.
pub(crate) fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// Reads the document of ownership in an answer.
pub(crate) fn document(answer: &Answer) -> Checked<SideStatus> {
    must!(O1, answer.status == 200, "the document is answered {}", answer.shown());
    let members: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let required = &members["components"]["schemas"]["Ownership"]["required"];
    let given = answer.json();
    for name in required.as_array().into_iter().flatten().filter_map(Value::as_str) {
        must!(O1, given.get(name).is_some(), "the document lacks `{name}`: {}", answer.shown());
    }
    let read = serde_json::from_value(given);
    read.map_err(|error| Stop::Broken(crate::Rule::O1, format!("{error}: {}", answer.shown())))
}
