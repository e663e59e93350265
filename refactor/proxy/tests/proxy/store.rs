//! Copies of one collection, as a service that is moved has them.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::service::{Request, Service};

/// A copy: the primary of the collection, or not.
pub(crate) struct Store {
    pub(crate) service: Service,
    state: Arc<Mutex<State>>,
}

/// The state of a copy: its records and the role that it believes to have.
pub(crate) struct State {
    pub(crate) role: Role,
    pub(crate) epoch: u64,
    pub(crate) position: u64,
    /// The bodies of the writes, in the order in which they were executed.
    pub(crate) rows: Vec<String>,
}

/// The role that a copy believes to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Primary,
    /// There is no primary just now.
    Fenced,
    /// The primary is another store, at this URL.
    Follower(String),
}

impl Store {
    pub(crate) async fn start(role: Role) -> Self {
        let state = State { role, epoch: 1, position: 0, rows: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let service =
            Service::answering(move |request| shared.lock().unwrap().answer(request)).await;
        Self { service, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn set(&self, role: Role) {
        self.state().role = role;
    }

    pub(crate) fn rows(&self) -> Vec<String> {
        self.state().rows.clone()
    }

    /// The URL of its collection.
    pub(crate) fn collection(&self) -> String {
        format!("{}/api/users", self.service.url)
    }

    /// The role of a store that follows this one.
    pub(crate) fn followed(&self) -> Role {
        Role::Follower(self.collection())
    }

    /// Takes over all that another one has, its position among it.
    pub(crate) fn follow(&self, other: &Self) {
        let other = other.state();
        let mut own = self.state();
        (own.epoch, own.position, own.rows) = (other.epoch, other.position, other.rows.clone());
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Vec<u8> {
        if !["GET ", "HEAD "].iter().any(|method| request.line().starts_with(method)) {
            if self.role != Role::Primary {
                return misdirected(&self.role);
            }
            self.position += 1;
            self.rows.push(String::from_utf8_lossy(&request.body).into_owned());
            let count = self.rows.len();
            return self.say("201 Created", &count.to_string());
        }
        if request.line().contains("/docs") {
            return crate::service::ok("docs");
        }
        match self.rows.last() {
            Some(last) if request.field("if-none-match") == Some(last) => {
                let Self { epoch, position, .. } = self;
                let head = format!(
                    "HTTP/1.1 304 Not Modified\r\nBanyan-Position: {epoch}.{position}\r\n\r\n"
                );
                head.into_bytes()
            }
            Some(last) => self.say("200 OK", &last.clone()),
            None => self.say("404 Not Found", "none"),
        }
    }

    fn say(&self, status: &str, body: &str) -> Vec<u8> {
        let primary = match &self.role {
            Role::Follower(primary) => format!("Banyan-Primary: {primary}\r\n"),
            Role::Primary | Role::Fenced => String::new(),
        };
        let Self { epoch, position, .. } = self;
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nBanyan-Position: {epoch}.{position}\r\n{primary}Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// The answer of a store that is not the primary.
pub(crate) fn misdirected(role: &Role) -> Vec<u8> {
    let primary = match role {
        Role::Follower(primary) => format!("Banyan-Primary: {primary}\r\n"),
        Role::Primary | Role::Fenced => String::new(),
    };
    let body = r#"{"type":"about:blank","title":"Misdirected Request","status":421}"#;
    let length = body.len();
    format!(
        "HTTP/1.1 421 Misdirected Request\r\nContent-Type: application/problem+json\r\nBanyan-Position: 1.0\r\n\
         {primary}Content-Length: \
         {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
