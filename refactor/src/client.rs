//! A small client of the control port, for programs that have its keys.

mod commands;
mod error;

pub use commands::ConsoleLink;
pub use error::{ClientError, Unreached};

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Identity;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4::SigningParams;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION, SERVER};
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::credentials::Keys;
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
    region: String,
}

impl Client {
    /// For the control port at `url`, such as `http://127.0.0.1:9080`, and the region of the first stack.
    pub fn new(http: reqwest::Client, url: String, keys: Keys) -> Self {
        Self { http, url, keys, region: REGION.to_owned() }
    }

    /// The same for another region, whose resources are its own.
    #[must_use]
    pub fn region(self, region: String) -> Self {
        Self { region, ..self }
    }

    /// The routes of every application, in the order in which they were made.
    ///
    /// # Errors
    /// If the control port does not answer, or not as expected.
    pub async fn traffic(&self) -> Result<Vec<Traffic>, ClientError> {
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
    async fn list(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mut items = Vec::new();
        let mut query = String::new();
        loop {
            let mut page = self.send(Method::GET, &format!("{path}{query}"), &Value::Null).await?;
            let list = page.as_object_mut().into_iter().flat_map(|page| page.values_mut());
            match list.filter_map(Value::as_array_mut).next() {
                Some(list) => items.append(list),
                None => {
                    let url = format!("{}{path}", self.url);
                    return Err(ClientError::Stranger {
                        url,
                        answer: "JSON without a list".into(),
                    });
                }
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
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, ClientError> {
        self.call(method, path, body, ANSWER_TIME).await
    }

    /// Sends a signed request; gives what it was answered with.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        time: Duration,
    ) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.url);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = self.http.request(method.clone(), &url).timeout(time);
        let signed = sign(&self.keys, &self.region, method.as_str(), &url, &body);
        let signed = signed.map_err(|error| ClientError::Unsigned(runtime::chain(&*error)))?;
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let failed = |error| ClientError::of(&self.url, error);
        let answer = request.body(body).send().await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(failed)?;
        read(status, &body).map_err(|refused| {
            refused
                .unwrap_or_else(|| ClientError::Stranger { url, answer: shown(status, &headers) })
        })
    }
}

/// The headers that sign a request for Refactor Spaces with these keys.
///
/// # Errors
/// If the URL or the region cannot be signed.
pub(crate) fn sign(
    keys: &Keys,
    region: &str,
    method: &str,
    url: &str,
    body: &str,
) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let Keys { access_key_id, secret_access_key } = keys.clone();
    let identity = Identity::new(access_key_id, secret_access_key, None, None, "banyan").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("refactor-spaces")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new(method, url, std::iter::empty(), body)?;
    let (instructions, _) = aws_sigv4::http_request::sign(request, &params)?.into_parts();
    let headers = instructions.headers();
    Ok(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// An answer, or what it refuses; nothing if no control port answers so.
fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, Option<ClientError>> {
    #[derive(Deserialize)]
    struct Refused {
        #[serde(rename = "Message")]
        message: String,
    }
    if status.is_success() {
        return serde_json::from_slice(body).ok().ok_or(None);
    }
    let Refused { message } = serde_json::from_slice(body).ok().ok_or(None)?;
    Err(Some(match status {
        StatusCode::FORBIDDEN => ClientError::Keys(message),
        _ => ClientError::Refused { status, message },
    }))
}

/// What a stranger answered, in a few words.
fn shown(status: StatusCode, headers: &HeaderMap) -> String {
    let text = |name: HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("without one")
    };
    match headers.get(LOCATION).and_then(|value| value.to_str().ok()) {
        Some(location) => format!("{status}, which leads to {location}"),
        None => format!("{status}, content type {}, server {}", text(CONTENT_TYPE), text(SERVER)),
    }
}
