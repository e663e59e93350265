//! A program in front of another one that breaks one rule of the protocol.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, to};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use conformance::Rule;
use serde_json::Value;

/// A rule, and how it is broken. Requests and answers of both directions pass: of the checks to the program, and of the
/// program to the other side that the checks play.
pub(crate) struct Fault {
    pub(crate) rule: Rule,
    pub(crate) request: fn(&mut Request),
    pub(crate) answer: fn(&Request, &mut Answer),
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Below the collection, such as `/-/changes`; a client's request is to another path.
    pub(crate) path: String,
    /// Without the question mark.
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    /// Whether the program asks the other side.
    pub(crate) inner: bool,
    /// What was asked before: path and query.
    pub(crate) before: Vec<String>,
}

/// An answer on its way.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// Null if it is no JSON.
    pub(crate) body: Value,
    text: String,
}

impl Request {
    /// Whether it is for this path below `/-/`.
    pub(crate) fn is(&self, method: &str, name: &str) -> bool {
        self.method == method && self.path.ends_with(&format!("/-/{name}"))
    }

    /// Whether a client sends it.
    pub(crate) fn is_of_client(&self, method: &str) -> bool {
        self.method == method && !self.path.contains("/-/")
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Leaves a parameter out.
    pub(crate) fn drop_parameter(&mut self, name: &str) {
        let pairs = self.query.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
        self.query = pairs.collect::<Vec<_>>().join("&");
    }

    /// Asks for the document instead.
    pub(crate) fn only_ask(&mut self) {
        let (root, _) = self.path.split_once("/-/").unwrap();
        (self.path, self.method) = (format!("{root}/-/ownership"), "GET".into());
        (self.query, self.body) = (String::new(), Value::Null);
    }
}

impl Answer {
    /// The rows and marks of a page.
    pub(crate) fn entries(&mut self) -> Option<&mut Vec<Value>> {
        self.body.get_mut("entries")?.as_array_mut()
    }

    /// Drops entries of a page.
    pub(crate) fn keep(&mut self, keeps: impl Fn(&Value) -> bool) {
        if let Some(entries) = self.entries() {
            entries.retain(keeps);
        }
    }

    /// Sets a header, or with `None` removes it.
    pub(crate) fn header(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(header, _)| header != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Tells a refusal with this code as done.
    pub(crate) fn done_despite(&mut self, code: &str) {
        if self.body["code"] == code {
            self.status = 200;
        }
    }
}

/// It runs until its test ends.
pub(crate) struct Relay {
    url: String,
    /// The program behind it.
    leads_to: String,
    server: ServerHandle,
}

#[derive(Clone)]
struct To {
    /// The program that requests go to: scheme, host and port.
    url: String,
    fault: &'static Fault,
    inner: bool,
    before: Arc<Mutex<Vec<String>>>,
    /// The relays of the other direction, which end with this one.
    others: Arc<Mutex<Vec<Relay>>>,
    http: reqwest::Client,
}

impl Relay {
    /// Listens in front of the program at this URL.
    pub(crate) fn start(url: &str, fault: &'static Fault) -> Self {
        Self::listen(url, fault, false)
    }

    fn listen(url: &str, fault: &'static Fault, inner: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let (before, others) = (Arc::default(), Arc::default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let to_program = To { url: url.to_owned(), fault, inner, before, others, http };
        let server = HttpServer::new(move || {
            App::new().app_data(Data::new(to_program.clone())).default_service(to(pass))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url: own, leads_to: url.to_owned(), server: handle }
    }

    pub(crate) fn collection(&self, name: &str) -> String {
        format!("{}/api/{name}", self.url)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn pass(request: HttpRequest, body: Bytes, to: Data<To>) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers.filter(|(name, _)| !["host", "content-length"].contains(&name.as_str()));
    let mut asked = Request {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        inner: to.inner,
        before: to.before.lock().unwrap().clone(),
    };
    to.before.lock().unwrap().push(format!("{}?{}", asked.path, asked.query));
    (to.fault.request)(&mut asked);
    // What the program is told to ask passes too.
    if asked.is("POST", "handover") && !to.inner {
        lead_through(&mut asked, &to);
    }
    let mut answer = send(&to, &asked, !body.is_empty()).await;
    (to.fault.answer)(&asked, &mut answer);
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap());
    for (name, value) in &answer.headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    response.body(if answer.body.is_null() { answer.text } else { answer.body.to_string() })
}

/// Has the program reach its successor through a relay too. Its URL is kept: the checks compare it.
fn lead_through(asked: &mut Request, to: &To) {
    let Some(url) = asked.body.pointer("/to/url").and_then(Value::as_str) else { return };
    let Some((origin, _)) = url.split_once("/checked") else { return };
    let mut others = to.others.lock().unwrap();
    if others.is_empty() {
        others.push(Relay::listen(origin, to.fault, true));
    }
    asked.body["to"]["url"] = Value::from(format!("{}/checked", others[0].url));
}

async fn send(to: &To, asked: &Request, has_body: bool) -> Answer {
    let query = if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
    let url = format!("{}{}{query}", to.url, asked.path);
    let mut request = to.http.request(asked.method.parse().unwrap(), url);
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    if has_body && asked.method != "GET" {
        request = request.body(asked.body.to_string());
    }
    let Ok(answer) = request.send().await else {
        // The program has ended, with its test.
        return Answer { status: 502, headers: Vec::new(), body: Value::Null, text: String::new() };
    };
    let status = answer.status().as_u16();
    let skipped = ["content-length", "transfer-encoding", "connection"];
    let headers = answer.headers().iter().filter(|(name, _)| !skipped.contains(&name.as_str()));
    // The other side has its own address again, as the checks know it.
    let headers = headers
        .map(|(name, value)| (name.to_string(), unled(to, value.to_str().unwrap())))
        .collect();
    let text = unled(to, &answer.text().await.unwrap_or_default());
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
}

/// The text with the address of the other side instead of the relay's.
fn unled(to: &To, text: &str) -> String {
    let others = to.others.lock().unwrap();
    others.iter().fold(text.to_owned(), |text, relay| text.replace(&relay.url, &relay.leads_to))
}
