//! Processes of one control database, an application, and two upstreams that say their names.

use std::cell::{Cell, RefCell};

use harness::{Answer, Line, Manner, Neighbour, Program, Setup, TestDatabase, postgres, until};
use serde_json::json;

use crate::client::{Request, application, call, fallback, post, service, setup, uri_path};

/// Processes with a database, and what they lead to.
pub(crate) struct Several {
    pub(crate) database: TestDatabase,
    pub(crate) programs: Vec<Program>,
    /// The path of the application on the control port.
    pub(crate) application: String,
    pub(crate) old: Neighbour,
    pub(crate) new: Neighbour,
}

/// A process of this database.
pub(crate) fn process(url: &str, name: &str) -> Setup {
    setup().env("CONTROL_DATABASE_URL", url).env("CONTROL_NAME", name)
}

impl Several {
    /// So many processes, and an application whose DEFAULT route leads to `old`.
    pub(crate) async fn start(count: usize) -> Self {
        let database = postgres().await;
        let mut programs = Vec::new();
        for number in 0..count {
            programs.push(process(database.url(), &format!("proxy-{number}")).start().await);
        }
        Self::of(database, programs).await
    }

    pub(crate) async fn of(database: TestDatabase, programs: Vec<Program>) -> Self {
        let (old, new) =
            (Neighbour::start(Manner::Has(vec![1])), Neighbour::start(Manner::Has(vec![1])));
        let last = programs.last().unwrap();
        let application = application(last).await;
        let id = service(last, &application, &format!("{}/old", old.url())).await;
        post(last, &format!("{application}/routes"), &fallback(&id)).await;
        Self { database, programs, application, old, new }
    }

    /// A route of /users to `new`, INACTIVE: its path on the control port.
    pub(crate) async fn route(&self) -> String {
        let last = self.programs.last().unwrap();
        let id = service(last, &self.application, &format!("{}/new", self.new.url())).await;
        let mut body = uri_path(&id, "/users", "INACTIVE");
        body["UriPathRoute"]["IncludeChildPaths"] = true.into();
        let routes = format!("{}/routes", self.application);
        let route = post(last, &routes, &body).await;
        format!("{routes}/{}", route["RouteId"].as_str().unwrap())
    }

    /// Leads /users to `new`, or back to `old`, through this process.
    pub(crate) async fn flip(&self, program: &Program, route: &str, to_new: bool) -> Answer {
        let state = if to_new { "ACTIVE" } else { "INACTIVE" };
        call(program, "PATCH", route, &json!({ "ActivationState": state })).await
    }

    /// Which upstream a request through this process reached: `old` or `new`.
    pub(crate) async fn reached(&self, program: &Program) -> &'static str {
        let (old, new) = (self.old.heads().len(), self.new.heads().len());
        let url = format!("{}/users/1", proxy(program).await);
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status(), 200);
        match (self.old.heads().len() - old, self.new.heads().len() - new) {
            (1, 0) => "old",
            (0, 1) => "new",
            counts => panic!("{counts:?} requests"),
        }
    }
}

/// Asks for an operation of CloudFormation.
pub(crate) async fn ask(program: &Program, fields: &[(&str, &str)]) -> Result<Answer, String> {
    let mut form = url::form_urlencoded::Serializer::new("Version=2010-05-15".to_owned());
    let body = form.extend_pairs(fields).finish();
    let request = Request { service: "cloudformation", ..Request::form(program, &body) };
    request.try_send(program).await
}

/// The address at which a process takes the traffic of its application.
pub(crate) async fn proxy(program: &Program) -> String {
    let url = RefCell::new(None);
    until("the process takes traffic", async || {
        let log = program.log();
        let line = log.lines().rfind(|line| line.contains("takes traffic at "));
        *url.borrow_mut() =
            line.and_then(|line| Some(line.split_once("takes traffic at ")?.1.trim().to_owned()));
        url.borrow().is_some()
    })
    .await;
    url.take().unwrap()
}

/// Whether it leads, as its log says.
pub(crate) fn leads(program: &Program) -> bool {
    let log = program.log();
    let last = log.lines().rfind(|line| line.contains("this process leads"));
    last.is_some_and(|line| !line.contains("no more"))
}

/// The place of the process that leads, once there is one.
pub(crate) async fn leader(programs: &[Program]) -> usize {
    let place = Cell::new(None);
    until("a process leads", async || {
        place.set(programs.iter().position(leads));
        place.get().is_some()
    })
    .await;
    place.get().unwrap()
}

/// The reason why a process is not ready.
pub(crate) async fn unready(program: &Program) -> Option<String> {
    let answer = program.get("/readyz").await;
    (answer.status == 503).then_some(answer.body)
}

/// The processes that an answer names.
pub(crate) fn without(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.header("banyan-without")
}

/// A database at the end of a line that can be cut.
pub(crate) async fn line(database: &TestDatabase) -> Line {
    let url = database.url().split('?').next().unwrap();
    Line::to(url).await
}

/// The URL of that database.
pub(crate) fn through(line: &Line) -> String {
    format!("{}?sslmode=disable", line.url())
}
