//! A client of the control port that signs what it sends, as the AWS SDK for Rust does.

use std::time::SystemTime;
use std::{env, fs};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use harness::{Answer, Program, Setup, free_ports};
use serde_json::{Value, json};

/// The region that requests are signed for.
pub(crate) const REGION: &str = "local";
const BINARY: &str = env!("CARGO_BIN_EXE_refactor");

/// The binary with free ports and a data folder of its own. `TEST_REFACTOR` is another one, such as a release build.
/// No connection takes the ports of its applications while it does not run.
pub(crate) fn setup() -> Setup {
    let binary = env::var("TEST_REFACTOR").unwrap_or_else(|_none| BINARY.to_owned());
    let setup = Setup::new(&binary).env("PORT", &free_ports(10).to_string());
    setup.env("CONTROL_PORT", "0").env("RUST_LOG", "info,refactor=debug")
}

/// Keys as the program keeps them.
pub(crate) fn keys(setup: &Setup) -> (String, String) {
    let text = fs::read_to_string(setup.folder().join(".refactor/credentials.json")).unwrap();
    let keys: Value = serde_json::from_str(&text).unwrap();
    let text = |name: &str| keys[name].as_str().unwrap().to_owned();
    (text("accessKeyId"), text("secretAccessKey"))
}

/// A request to be signed; its public fields are what tests change.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: String,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) keys: (String, String),
    pub(crate) time: SystemTime,
}

impl<'a> Request<'a> {
    pub(crate) fn new(program: &Program, method: &'a str, path: &'a str, body: String) -> Self {
        let content_type = "application/json";
        let (service, region) = ("refactor-spaces", REGION);
        let keys = keys(program.setup());
        Self { method, path, content_type, body, service, region, keys, time: SystemTime::now() }
    }

    pub(crate) fn form(program: &Program, body: &str) -> Self {
        Self {
            content_type: "application/x-www-form-urlencoded",
            service: "sts",
            ..Self::new(program, "POST", "/", body.to_owned())
        }
    }

    /// The headers that sign it.
    pub(crate) fn headers(&self, address: &str) -> Vec<(String, String)> {
        let (access, secret) = self.keys.clone();
        let identity = Credentials::new(access, secret, None, None, "test").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let mut headers = Vec::new();
        if !self.body.is_empty() {
            headers.push(("content-type".to_owned(), self.content_type.to_owned()));
        }
        let signed = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let uri = format!("http://{address}{}", self.path);
        let body = SignableBody::Bytes(self.body.as_bytes());
        let request = SignableRequest::new(self.method, uri, signed, body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let added = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let added: Vec<_> = added.collect();
        headers.extend(added);
        headers
    }

    pub(crate) async fn send(&self, program: &Program) -> Answer {
        self.try_send(program).await.unwrap_or_else(|error| panic!("{error:?}\n{}", program.log()))
    }

    /// Nothing if the program went away.
    pub(crate) async fn try_send(&self, program: &Program) -> Result<Answer, String> {
        let headers = self.headers(program.address());
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sent = program.try_send(self.method, self.path, &headers, &self.body).await;
        sent.map_err(|error| error.to_string())
    }
}

/// Sends a signed request with a JSON body; `null` for none.
pub(crate) async fn call(program: &Program, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Request::new(program, method, path, body).send(program).await
}

/// The JSON answer of a request that succeeds.
#[track_caller]
pub(crate) fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

pub(crate) async fn post(program: &Program, path: &str, body: &Value) -> Value {
    ok(&call(program, "POST", path, body).await)
}

pub(crate) async fn get(program: &Program, path: &str) -> Value {
    ok(&call(program, "GET", path, &Value::Null).await)
}

/// Checks an error's shape; gives its body.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (status, code),
        "{}",
        answer.body
    );
    let body = answer.json();
    assert!(body["Message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    body
}

/// An environment with an application: the path of the application.
pub(crate) async fn application(program: &Program) -> String {
    let new = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    let environment = post(program, "/environments", &json!(new)).await;
    let path =
        format!("/environments/{}/applications", environment["EnvironmentId"].as_str().unwrap());
    let new = json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567" });
    let application = post(program, &path, &new).await;
    format!("{path}/{}", application["ApplicationId"].as_str().unwrap())
}

/// A service at this URL: its id.
pub(crate) async fn service(program: &Program, application: &str, url: &str) -> String {
    let new = json!({ "Name": "svc", "EndpointType": "URL", "UrlEndpoint": { "Url": url } });
    let service = post(program, &format!("{application}/services"), &new).await;
    service["ServiceId"].as_str().unwrap().to_owned()
}

/// The body of CreateRoute for the DEFAULT route.
pub(crate) fn fallback(service: &str) -> Value {
    json!({ "RouteType": "DEFAULT", "ServiceIdentifier": service })
}

/// The body of CreateRoute for a path.
pub(crate) fn uri_path(service: &str, path: &str, state: &str) -> Value {
    json!({
        "RouteType": "URI_PATH",
        "ServiceIdentifier": service,
        "UriPathRoute": { "SourcePath": path, "ActivationState": state },
    })
}

/// The path at which the tags of a resource are read and changed.
pub(crate) fn tags_of(resource: &Value) -> String {
    let arn = resource["Arn"].as_str().unwrap();
    format!("/tags/{}", arn.replace(':', "%3A").replace('/', "%2F"))
}
