//! The way from the monolith to the services, through the proxy: the same paths give the same bytes at every stage.

use http::Method;
use serde_json::{Value, json};

use crate::board::{Answer, Board};
use crate::folder::Folder;

const COLLECTIONS: [&str; 3] = ["users", "threads", "posts"];

/// Every order in which the collections can leave the monolith.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The proxy of a board, and its control port.
struct Proxy {
    control: refactor::Client,
    /// The address that clients ask, without the stage.
    url: String,
    /// The application's path on the control port.
    application: String,
}

impl Proxy {
    async fn of(board: &Board, folder: &Folder) -> Self {
        let control = board.control(&folder.data());
        let traffic = control.traffic().await.expect("the control port answers");
        let url = traffic[0].from.strip_suffix("/api").expect("the stage is api").to_owned();
        let first = async |path: &str, list: &str| {
            control.send(Method::GET, path, &Value::Null).await.expect(path)[list][0].clone()
        };
        let environment = first("/environments", "EnvironmentSummaryList").await;
        let path = format!("/environments/{}/applications", text(&environment["EnvironmentId"]));
        let application = first(&path, "ApplicationSummaryList").await;
        let application = format!("{path}/{}", text(&application["ApplicationId"]));
        Self { control, url, application }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let path = format!("{}{path}", self.application);
        self.control.send(method, &path, &body).await.expect(&path)
    }

    /// Leads a collection to its service; gives the ids of the route and the service.
    async fn route(&self, board: &Board, collection: &str) -> (String, String) {
        let url = format!("{}/api", board.url(collection));
        let service =
            json!({"Name": collection, "EndpointType": "URL", "UrlEndpoint": {"Url": url}});
        let service = text(&self.call(Method::POST, "/services", service).await["ServiceId"]);
        let route = json!({
            "RouteType": "URI_PATH",
            "ServiceIdentifier": service,
            "UriPathRoute": {
                "SourcePath": format!("/{collection}"),
                "ActivationState": "ACTIVE",
                "IncludeChildPaths": true,
                "AppendSourcePath": true,
            },
        });
        let route = self.call(Method::POST, "/routes", route).await;
        assert_eq!(route["State"], "ACTIVE", "{route}");
        (text(&route["RouteId"]), service)
    }

    async fn give_back(&self, (route, service): (String, String)) {
        self.call(Method::DELETE, &format!("/routes/{route}"), Value::Null).await;
        self.call(Method::DELETE, &format!("/services/{service}"), Value::Null).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// How many requests a program has counted.
async fn served(board: &Board, program: &str) -> u64 {
    let metrics = board.get(program, "/metrics").await.body;
    let counts = metrics.lines().filter(|line| line.starts_with("http_requests_total{"));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[tokio::test]
async fn golden_reads_are_the_same_through_the_proxy_at_every_stage_in_every_order() {
    let folder = Folder::new();
    let board = folder.up().await;
    let proxy = Proxy::of(&board, &folder).await;
    board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
    for order in ORDERS {
        let mut moved = Vec::new();
        for collection in order.map(|index| COLLECTIONS[index]) {
            moved.push(proxy.route(&board, collection).await);
            let before = served(&board, collection).await;
            board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
            assert!(served(&board, collection).await > before + 1, "{collection} is asked itself");
        }
        for ids in moved {
            proxy.give_back(ids).await;
        }
        board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
    }
}

#[tokio::test]
async fn without_the_monolith_only_its_own_greeting_is_gone() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    let proxy = Proxy::of(&board, &folder).await;
    for collection in COLLECTIONS {
        proxy.route(&board, collection).await;
    }
    let stopped = folder.run(&["stop", "monolith"]).await;
    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(0), "monolith is stopped\n"));
    let get = async |path: &str| -> Answer {
        board.send("GET", &format!("{}{path}", proxy.url), "").await
    };
    for collection in COLLECTIONS {
        let own = board.get(collection, &format!("/api/{collection}/2?view=full")).await;
        let through = get(&format!("/api/{collection}/2?view=full")).await;
        assert_eq!((through.status, through.body), (200, own.body), "{collection}");
    }
    let gone = get("/api/").await;
    assert!([502, 503].contains(&gone.status), "{}", gone.body);
    assert_eq!(gone.header("content-type"), "application/problem+json");
    assert!(
        !gone.body.contains(board.address("monolith")),
        "no client sees the inner address: {}",
        gone.body
    );
    let status = folder.run(&["status"]).await;
    assert_eq!(status.code, Some(0), "it is stopped as told: {}", status.stdout);
    assert!(status.stdout.contains("stopped"), "{}", status.stdout);

    let started = folder.run(&["start", "monolith"]).await;
    assert_eq!(started.code, Some(0), "{}", started.stderr);
    board.banyan.says("monolith is back").await;
    board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
}

#[tokio::test]
async fn what_was_routed_is_routed_again_when_the_proxy_is_killed() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    let proxy = Proxy::of(&board, &folder).await;
    proxy.route(&board, "users").await;
    crate::banyan::signal("KILL", folder.programs()["refactor"]);
    board.banyan.says("refactor is back").await;
    let traffic = board.control(&folder.data()).traffic().await.expect("it answers again");
    let users = traffic.iter().find(|route| route.from.ends_with("/users")).expect("a route");
    assert_eq!(
        (users.state.as_str(), users.to.as_str()),
        ("ACTIVE", format!("{}/api", board.url("users")).as_str())
    );
    board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
}

#[tokio::test]
async fn the_proxy_comes_back_while_the_monolith_is_stopped() {
    let folder = Folder::new();
    let mut board = folder.up().await;
    let proxy = Proxy::of(&board, &folder).await;
    proxy.route(&board, "users").await;
    // A proxy that is new asks the primary of what it may have carried writes to; so users are moved with their data.
    let switched = folder.run(&["switch", "users", "--force"]).await;
    assert_eq!(switched.code, Some(0), "{}{}", switched.stdout, switched.stderr);
    assert_eq!(folder.run(&["stop", "monolith"]).await.code, Some(0));
    crate::banyan::signal("KILL", folder.programs()["refactor"]);
    board.banyan.says("refactor is back").await;
    let users = board.send("GET", &format!("{}/api/users/2", proxy.url), "").await;
    assert_eq!(users.status, 200, "{}", users.body);
    let stopped = folder.run(&["stop", "refactor"]).await;
    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(0), "refactor is stopped\n"));
    assert_eq!(folder.run(&["start", "refactor"]).await.code, Some(0));
}

#[tokio::test]
async fn the_monolith_is_stopped_for_good_once_its_data_is_moved() {
    let folder = Folder::new();
    let board = folder.up().await;
    let proxy = Proxy::of(&board, &folder).await;
    let done = async |arguments: &[&str]| {
        let ended = folder.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    };
    for collection in COLLECTIONS {
        assert!(done(&["follow", collection]).await.contains("caught up"));
        assert!(done(&["diff", collection]).await.contains("none differs"));
        let said = done(&["switch", collection, "--dry-run"]).await;
        assert!(said.contains("nothing was changed"), "{said}");
        let said = done(&["switch", collection]).await;
        assert!(said.contains("writes waited"), "{said}");
        board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
        done(&["reverse", collection]).await;
        board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
        done(&["switch", collection]).await;
        let said = done(&["switch", collection, "--dry-run"]).await;
        assert!(said.contains("is the primary already"), "{said}");
        let said = done(&["complete", collection]).await;
        assert!(said.contains("has removed its rows"), "{said}");
        let said = done(&["complete", collection]).await;
        assert!(said.contains("completed already") && !said.contains("has removed"), "{said}");
        assert_eq!(board.get("monolith", &format!("/api/{collection}/1")).await.status, 421);
        board.golden_reads_at(&proxy.url, &COLLECTIONS).await;
    }
    done(&["stop", "monolith"]).await;
    for collection in COLLECTIONS {
        let url = format!("{}/api/{collection}/2", proxy.url);
        assert_eq!(board.send("GET", &url, "").await.status, 200, "{collection}");
    }
    let bmo = json!({"username": "bmo", "name": "BMO"}).to_string();
    let url = format!("{}/api/users", proxy.url);
    assert_eq!(board.send("POST", &url, &bmo).await.status, 201);
    let status = done(&["status"]).await;
    assert_eq!(status.matches(", completed").count(), COLLECTIONS.len(), "{status}");
}

#[tokio::test]
async fn what_stands_against_a_command_is_said_and_it_fails() {
    let folder = Folder::new();
    let board = folder.up().await;
    let proxy = Proxy::of(&board, &folder).await.url;
    for (arguments, said) in [
        (&["switch", "users"][..], "`banyan diff users`"),
        (&["complete", "users"], "`banyan switch users`"),
        (&["follow", "nothing"], "no collection \"nothing\""),
        (&["switch", "user"], "posts, threads, users"),
        (&["follow", "users", "--target", &proxy], "leads back to this proxy"),
        (&["diff", "users", "--application", "app-0123456789"], "no application app-0123456789"),
    ] {
        let ended = folder.run(arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}
