//! The board, asked over HTTP.

use std::time::Duration;

use replication::{Position, headers as protocol};
use reqwest::header::{self, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::Value;

/// Longer than the longest wait in the proxy.
const ANSWER_TIME: Duration = Duration::from_secs(35);
const POSITION: HeaderName = HeaderName::from_static(protocol::POSITION);
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A board, at the URL that ends in its stage.
pub(crate) struct Board {
    http: reqwest::Client,
    pub(crate) url: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: String,
    pub(crate) location: String,
    link: String,
    pub(crate) position: Option<Position>,
    body: Vec<u8>,
}

/// A request that was not answered.
pub(crate) struct Lost {
    /// Why, in a few words.
    pub(crate) cause: String,
    /// Whether it was sent, so that it may have been done.
    pub(crate) was_sent: bool,
}

impl Board {
    /// # Errors
    /// The URL cannot be asked.
    pub(crate) fn at(url: &str) -> Result<Self, String> {
        let scheme = Url::parse(url).map(|url| url.scheme().to_owned()).unwrap_or_default();
        if !["http", "https"].contains(&scheme.as_str()) {
            return Err(format!("{url} is not the http or https URL of a board"));
        }
        let http = runtime::http_client(scheme == "https");
        let http = http.map_err(|error| format!("cannot ask: {error}"))?;
        let url = url.trim_end_matches('/');
        Ok(Self { http, url: format!("{}/api", url.strip_suffix("/api").unwrap_or(url)) })
    }

    /// Asks for a path below the stage, such as `/users/3`.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Lost> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.timeout(ANSWER_TIME);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json");
            request = request.body(body.to_string());
        }
        Answer::read(request.send().await.map_err(Lost::new)?).await
    }

    /// Asks as this client, for nothing that is older than the position.
    pub(crate) async fn get(
        &self,
        path: &str,
        agent: &str,
        position: Option<Position>,
    ) -> Result<Answer, Lost> {
        let position = position.map(|position| position.to_string());
        let mut headers = vec![(header::USER_AGENT, agent)];
        headers.extend(position.as_deref().map(|position| (POSITION, position)));
        self.send(Method::GET, path, &headers, None).await
    }
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Result<Self, Lost> {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = response.headers();
        let header = |name: HeaderName| headers.get(name).map(text).unwrap_or_default();
        Ok(Self {
            status: response.status(),
            etag: header(header::ETAG),
            location: header(header::LOCATION),
            link: header(header::LINK),
            position: header(POSITION).parse().ok(),
            body: response.bytes().await.map_err(Lost::new)?.into(),
        })
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path below the stage of the next page.
    pub(crate) fn next(&self) -> Option<&str> {
        let next = self.link.split(", ").find(|link| link.ends_with("rel=\"next\""))?;
        let (target, _) = next.strip_prefix('<')?.split_once('>')?;
        target.strip_prefix("/api")
    }

    /// The id of the member that was made.
    pub(crate) fn id(&self) -> Option<u64> {
        self.location.rsplit('/').next()?.parse().ok()
    }

    /// The kind of problem: its status, and what its type and title add to that.
    pub(crate) fn kind(&self) -> String {
        let (problem, status) = (self.json(), self.status.as_u16());
        let title = problem["title"].as_str().unwrap_or("without a problem document");
        match problem["type"].as_str().filter(|name| *name != "about:blank") {
            Some(name) => format!("{status} {title} ({name})"),
            None => format!("{status} {title}"),
        }
    }

    /// What a problem says about itself.
    pub(crate) fn detail(&self) -> String {
        let problem = self.json();
        let detail = problem["detail"].as_str().unwrap_or("without a problem document");
        format!("{} {detail}", self.status.as_u16())
    }
}

impl Lost {
    fn new(error: reqwest::Error) -> Self {
        let was_sent = !error.is_connect();
        let cause = if error.is_timeout() {
            format!("no answer within {} s", ANSWER_TIME.as_secs())
        } else {
            runtime::chain(&error.without_url())
        };
        Self { cause, was_sent }
    }
}
