//! A small client of the control port, for programs on the same machine that may read its keys.

mod commands;

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Identity;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::control::credentials::Keys;
use crate::first_stack::REGION;

/// How long one answer may take: longer than a health check.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// The service that gets the requests of one route.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// The URL that clients ask, with the route's path.
    pub from: String,
    /// `ACTIVE`, `INACTIVE`, `FAILED`.
    pub state: String,
    /// The name of the service.
    pub service: String,
    /// The URL of the service.
    pub to: String,
}

/// A control port, and the keys that sign for it.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    keys: Keys,
}

impl Client {
    /// For the control port at `url`, such as `http://127.0.0.1:9080`.
    pub fn new(http: reqwest::Client, url: String, keys: Keys) -> Self {
        Self { http, url, keys }
    }

    /// The routes of every application, in the order in which they were made.
    ///
    /// # Errors
    /// If the control port does not answer, or not as expected.
    pub async fn traffic(&self) -> Result<Vec<Traffic>, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut traffic = Vec::new();
        for environment in self.list("/environments").await? {
            let path =
                format!("/environments/{}/applications", text(&environment["EnvironmentId"]));
            for application in self.list(&path).await? {
                let path = format!("{path}/{}", text(&application["ApplicationId"]));
                let services = self.list(&format!("{path}/services")).await?;
                for route in self.list(&format!("{path}/routes")).await? {
                    // Without a URL while the application does not listen.
                    let proxy = text(&application["ApiGatewayProxy"]["ProxyUrl"]);
                    let id = &route["ServiceId"];
                    let service = services.iter().find(|service| service["ServiceId"] == *id);
                    let service = service.unwrap_or(&Value::Null);
                    traffic.push(Traffic {
                        from: proxy + &text(&route["SourcePath"]),
                        state: text(&route["State"]),
                        service: text(&service["Name"]),
                        to: text(&service["UrlEndpoint"]["Url"]),
                    });
                }
            }
        }
        Ok(traffic)
    }

    /// All pages of a list. Each list has another name, and a page has one list.
    async fn list(&self, path: &str) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        let mut query = String::new();
        loop {
            let mut page = self.send(Method::GET, &format!("{path}{query}"), &Value::Null).await?;
            let list = page.as_object_mut().into_iter().flat_map(|page| page.values_mut());
            match list.filter_map(Value::as_array_mut).next() {
                Some(list) => items.append(list),
                None => return Err(format!("{}{path}: the answer has no list", self.url)),
            }
            let Some(token) = page["NextToken"].as_str() else { return Ok(items) };
            let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            query = format!("?nextToken={token}");
        }
    }

    /// Calls an operation of the Refactor Spaces API; `null` is no body.
    ///
    /// # Errors
    /// If the control port does not answer, or refuses the call; then with what it said.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.url);
        let (status, body) = self.ask(method, path, body, ANSWER_TIME).await?;
        if !status.is_success() {
            return Err(format!("{url}: {status}: {}", String::from_utf8_lossy(&body)));
        }
        serde_json::from_slice(&body).map_err(|error| format!("{url}: {error}"))
    }

    /// The same, for people: if the call is refused, the message is all they need.
    async fn told<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        time: Duration,
    ) -> Result<T, String> {
        #[derive(Deserialize)]
        struct Refused {
            #[serde(rename = "Message")]
            message: String,
        }
        let url = format!("{}{path}", self.url);
        let (status, body) = self.ask(method, path, body, time).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| format!("{url}: {error}"));
        }
        let refused = serde_json::from_slice::<Refused>(&body);
        Err(refused.map_or_else(|_| format!("{url}: {status}"), |refused| refused.message))
    }

    /// Sends a signed request; gives what it was answered with.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        time: Duration,
    ) -> Result<(StatusCode, Bytes), String> {
        let url = format!("{}{path}", self.url);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = self.http.request(method.clone(), &url).timeout(time);
        let signed = self.sign(&method, &url, &body).map_err(|error| runtime::chain(&*error))?;
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let failed = |error| self.failed(error);
        let answer = request.body(body).send().await.map_err(failed)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(failed)?;
        Ok((status, body))
    }

    /// Why there is no answer, and what helps.
    fn failed(&self, error: reqwest::Error) -> String {
        let url = &self.url;
        if error.is_connect() {
            let cause = cause(&error);
            return format!(
                "the control plane at {url} is not reached ({cause}): `banyan start refactor` starts it on a board \
                 that `banyan up` runs; --data-dir leads to another board"
            );
        }
        let why = runtime::chain(&error.without_url());
        format!(
            "the control plane at {url} gave no answer: {why}; what it was told may be done all the same"
        )
    }

    /// The headers that sign a request.
    fn sign(
        &self,
        method: &Method,
        url: &str,
        body: &str,
    ) -> Result<Vec<(String, String)>, Box<dyn Error>> {
        let Keys { access_key_id, secret_access_key } = self.keys.clone();
        let identity = Identity::new(access_key_id, secret_access_key, None, None, "banyan").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("refactor-spaces")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let body = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new(method.as_str(), url, std::iter::empty(), body)?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let headers = instructions.headers();
        Ok(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// The first cause of an error.
fn cause(mut error: &dyn Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
