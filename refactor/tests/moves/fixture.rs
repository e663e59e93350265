//! A control plane with one application, and the programs on both sides of `users`.

use std::path::PathBuf;

use harness::{Program, Setup, free_ports, until};
use http::{Method, StatusCode};
use refactor::{Client, ClientError, Keys, Move};
use serde_json::{Value, json};

use crate::fake::{Fake, TOKEN, World};

pub(crate) struct Fixture {
    pub(crate) program: Program,
    pub(crate) source: Fake,
    pub(crate) target: Fake,
    /// The file in which tests name the point of the crash.
    pub(crate) faults: PathBuf,
    pub(crate) application: String,
}

impl Fixture {
    /// Both programs run, the source with ten rows; neither follows the other yet.
    pub(crate) async fn new() -> Self {
        Self::set_up(setup()).await
    }

    /// The target owns the collection, after a comparison, and the source follows it.
    pub(crate) async fn switched() -> Self {
        let fixture = Self::new().await;
        fixture.verify().await;
        fixture.done("switch").await;
        fixture
    }

    pub(crate) async fn set_up(setup: Setup) -> Self {
        let world = World::default();
        let (source, target) = (world.program(), world.program());
        source.write(1..=10);
        let faults = setup.folder().join("faults");
        std::fs::create_dir_all(&faults).unwrap();
        let setup = setup.env("BANYAN_FAULTS", faults.to_str().unwrap());
        let mut fixture = Self {
            program: setup.start().await,
            source,
            target,
            faults,
            application: String::new(),
        };
        fixture.application = fixture.make_application(&fixture.source.url).await;
        fixture
    }

    /// An application whose DEFAULT route leads to this program: its path on the control port.
    pub(crate) async fn make_application(&self, url: &str) -> String {
        let client = self.client();
        let post =
            async |path: &str, body: Value| client.send(Method::POST, path, &body).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let new = json!({ "Name": "env", "NetworkFabricType": "NONE" });
        let environment = text(&post("/environments", new).await["EnvironmentId"]);
        let path = format!("/environments/{environment}/applications");
        let new = json!({
            "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567",
            "ApiGatewayProxy": { "StageName": "api" },
        });
        let path = format!("{path}/{}", text(&post(&path, new).await["ApplicationId"]));
        let new = json!({
            "Name": "monolith", "EndpointType": "URL", "UrlEndpoint": { "Url": format!("{url}/api") },
        });
        let service = text(&post(&format!("{path}/services"), new).await["ServiceId"]);
        let new = json!({ "RouteType": "DEFAULT", "ServiceIdentifier": service });
        post(&format!("{path}/routes"), new).await;
        path
    }

    /// A service at this program, and the collection's route to it.
    pub(crate) async fn make_route(&self, collection: &str, url: &str) {
        let new = json!({
            "Name": collection, "EndpointType": "URL", "UrlEndpoint": { "Url": format!("{url}/api") },
        });
        let path = format!("{}/services", self.application);
        let service = self.client().send(Method::POST, &path, &new).await.unwrap();
        let new = json!({
            "RouteType": "URI_PATH", "ServiceIdentifier": service["ServiceId"],
            "UriPathRoute": {
                "SourcePath": format!("/{collection}"), "ActivationState": "INACTIVE",
                "AppendSourcePath": true, "IncludeChildPaths": true,
            },
        });
        let path = format!("{}/routes", self.application);
        self.client().send(Method::POST, &path, &new).await.unwrap();
    }

    /// # Errors
    /// The control plane's message if it refuses to delete it, with 409.
    pub(crate) async fn delete_route(&self, source: &str) -> Result<(), String> {
        let path = self.route_path(source).await;
        let deleted = self.client().send(Method::DELETE, &path, &Value::Null).await;
        deleted.map(drop).map_err(|error| match error {
            ClientError::Refused { status: StatusCode::CONFLICT, message } => message,
            error => panic!("{error:?}"),
        })
    }

    /// Makes a route ACTIVE or INACTIVE.
    pub(crate) async fn activate(&self, source: &str, state: &str) {
        let path = self.route_path(source).await;
        let body = json!({ "ActivationState": state });
        self.client().send(Method::PATCH, &path, &body).await.unwrap();
    }

    /// The path of a route on the control port.
    async fn route_path(&self, source: &str) -> String {
        let path = format!("{}/routes", self.application);
        let routes = self.client().send(Method::GET, &path, &Value::Null).await.unwrap();
        let routes = routes["RouteSummaryList"].as_array().unwrap();
        let route = routes.iter().find(|route| route["SourcePath"] == source).unwrap();
        format!("{path}/{}", route["RouteId"].as_str().unwrap())
    }

    /// Deletes every route, the DEFAULT one last; gives the service that it led to.
    pub(crate) async fn delete_routes(&self) -> String {
        let (client, path) = (self.client(), format!("{}/routes", self.application));
        let routes = client.send(Method::GET, &path, &Value::Null).await.unwrap();
        let mut routes = routes["RouteSummaryList"].as_array().unwrap().clone();
        routes.sort_by_key(|route| route["RouteType"] == "DEFAULT");
        for route in &routes {
            let path = format!("{path}/{}", route["RouteId"].as_str().unwrap());
            client.send(Method::DELETE, &path, &Value::Null).await.unwrap();
        }
        routes.last().unwrap()["ServiceId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn make_default_route(&self, service: &str) {
        let new = json!({ "RouteType": "DEFAULT", "ServiceIdentifier": service });
        let path = format!("{}/routes", self.application);
        self.client().send(Method::POST, &path, &new).await.unwrap();
    }

    /// The URL at which the application answers its clients.
    pub(crate) async fn proxy(&self) -> String {
        let application = self.client().send(Method::GET, &self.application, &Value::Null).await;
        let proxy = application.unwrap()["ApiGatewayProxy"]["ProxyUrl"].clone();
        proxy.as_str().unwrap().trim_end_matches("/api").to_owned()
    }

    /// What the data plane counts.
    pub(crate) async fn metrics(&self) -> String {
        self.program.get("/metrics").await.body
    }

    pub(crate) fn client(&self) -> Client {
        let keys = Keys::read(&self.program.setup().folder().join(".refactor")).unwrap();
        Client::new(runtime::http_client(false).unwrap(), self.program.url(), keys)
    }

    pub(crate) async fn tell(&self, verb: &str, options: Value) -> Result<Move, String> {
        let told = self.client().command("users", verb, &options).await;
        told.map_err(|error| error.to_string())
    }

    /// A command that succeeds.
    pub(crate) async fn done(&self, verb: &str) -> Move {
        let told = self.tell(verb, json!({})).await;
        told.unwrap_or_else(|error| panic!("{verb}: {error}\n{}", self.program.log()))
    }

    /// The message of a command that is refused.
    pub(crate) async fn refused(&self, verb: &str, options: Value) -> String {
        match self.tell(verb, options).await {
            Ok(done) => panic!("{verb} was done: {done:?}"),
            Err(message) => message,
        }
    }

    /// Follows the source; nothing else is known of the target.
    pub(crate) async fn follow(&self) -> Move {
        let options = json!({ "target": self.target.url });
        self.tell("follow", options).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Follows, and compares.
    pub(crate) async fn verify(&self) -> Move {
        self.follow().await;
        self.compare().await
    }

    /// Compares, and waits for the end.
    pub(crate) async fn compare(&self) -> Move {
        self.done("diff").await;
        until("the comparison has ended", async || self.users().await.diff.state != "running")
            .await;
        self.users().await
    }

    /// The move as it is.
    pub(crate) async fn users(&self) -> Move {
        let moves = self.client().moves().await.unwrap();
        moves.into_iter().find(|found| found.collection == "users").expect("users move")
    }

    /// What was done, as the control port tells it.
    pub(crate) async fn history(&self) -> Value {
        self.client().send(Method::GET, "/-/history", &Value::Null).await.unwrap()
    }

    /// The paths and states of the application's routes.
    pub(crate) async fn routes(&self) -> Vec<(Option<String>, String)> {
        let path = format!("{}/routes", self.application);
        let routes = self.client().send(Method::GET, &path, &Value::Null).await.unwrap();
        let routes = routes["RouteSummaryList"].as_array().unwrap().clone();
        let shown = |route: Value| {
            let text = |name: &str| route[name].as_str().map(str::to_owned);
            (text("SourcePath"), text("State").unwrap())
        };
        routes.into_iter().map(shown).collect()
    }

    /// The state of the route of users, if there is one.
    pub(crate) async fn route(&self) -> Option<String> {
        let routes = self.routes().await;
        routes.into_iter().find(|(path, _)| path.as_deref() == Some("/users")).map(|found| found.1)
    }

    /// The program crashes when it passes that place next.
    pub(crate) fn arm(&self, place: &str) {
        std::fs::write(self.faults.join(place), "").unwrap();
    }

    /// Starts the program again, in order.
    pub(crate) async fn restart(self) -> Self {
        Self { program: self.program.restart().await, ..self }
    }

    /// Waits until the program has crashed, and starts it again.
    pub(crate) async fn revive(mut self) -> Self {
        self.program.ended().await;
        Self { program: self.program.restart().await, ..self }
    }
}

/// The binary with free ports, a data folder of its own, and the token. No connection takes the ports of its applications
/// while it does not run.
pub(crate) fn setup() -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_refactor"))
        .env("PORT", &free_ports(10).to_string())
        .env("CONTROL_PORT", "0")
        .env("RUST_LOG", "info,refactor=debug")
        .env("MOVE_TOKEN", TOKEN)
}
