//! `banyan shadow`, against a `refactor` in front of two services that answer differently.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use harness::{Program, Setup, until};
use refactor::{Client, Keys};
use serde_json::{Value, json};

use crate::banyan::{Banyan, Ended};
use crate::folder::Folder;

/// A service that gives each request this answer: its URL.
fn service(content_type: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            // The other side may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// A `refactor` with the route /users to a new service, whose reads are mirrored.
struct Shadowed {
    program: Program,
    control: Client,
    /// The URL of /users at the proxy.
    users: String,
    route: String,
}

impl Shadowed {
    async fn start(old: &str, new: &str, tags: Value) -> Self {
        let setup = Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg("refactor");
        let program = setup.env("CONTROL_PORT", "0").start().await;
        let keys = Keys::read(&program.setup().folder().join(".refactor")).unwrap();
        let control = Client::new(runtime::http_client(false).unwrap(), program.url(), keys);
        let post = async |path: &str, body: Value| {
            control.send(http::Method::POST, path, &body).await.unwrap()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let new_environment = json!({ "Name": "env", "NetworkFabricType": "NONE" });
        let environment = text(&post("/environments", new_environment).await["EnvironmentId"]);
        let path = format!("/environments/{environment}/applications");
        let new_application =
            json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567" });
        let id = text(&post(&path, new_application).await["ApplicationId"]);
        let path = format!("{path}/{id}");
        let mut services = Vec::new();
        for (name, url) in [("monolith", old), ("users", new)] {
            let body =
                json!({ "Name": name, "EndpointType": "URL", "UrlEndpoint": { "Url": url } });
            services.push(post(&format!("{path}/services"), body).await["ServiceId"].clone());
        }
        let fallback = json!({ "RouteType": "DEFAULT", "ServiceIdentifier": services[0] });
        post(&format!("{path}/routes"), fallback).await;
        let route = json!({
            "RouteType": "URI_PATH", "ServiceIdentifier": services[1], "Tags": tags,
            "UriPathRoute": { "SourcePath": "/users", "ActivationState": "ACTIVE", "IncludeChildPaths": true },
        });
        let route = text(&post(&format!("{path}/routes"), route).await["RouteId"]);
        let application = control.send(http::Method::GET, &path, &Value::Null).await.unwrap();
        let users = text(&application["ApiGatewayProxy"]["ProxyUrl"]) + "/users";
        Self { program, control, users, route }
    }

    async fn get(&self, path: &str) {
        let client = runtime::http_client(false).unwrap();
        let answer = client.get(format!("{}{path}", self.users)).send().await.unwrap();
        answer.bytes().await.unwrap();
    }

    async fn compared(&self, count: u64) {
        until("it is compared", async || {
            self.control.shadow(&self.route).await.unwrap().counts.compared == count
        })
        .await;
    }

    async fn banyan(&self, arguments: &[&str]) -> Ended {
        let keys = self.program.setup().folder().join(".refactor/credentials.json");
        let url = self.program.url();
        let control = ["--control", &url, "--credentials", keys.to_str().unwrap()];
        let folder = Folder::new();
        let mut command = folder.command(&[&["shadow"], &control[..], arguments].concat());
        command.env("COLUMNS", "80");
        Banyan::start(command).ended().await
    }
}

fn before() -> Value {
    json!({ "banyan:canary": "0", "banyan:shadow": "100", "banyan:ignore": "/at" })
}

#[tokio::test]
async fn a_difference_is_shown_side_by_side() {
    let json = "application/json";
    let old = service(json, r#"{"id":7,"name":"Finn","bio":"","at":1,"a":1,"b":2,"tags":["x"]}"#);
    let new = service(json, r#"{"at":2,"id":7,"name":"Jake","a":1,"b":2,"tags":["x","y"]}"#);
    let shadowed = Shadowed::start(&old, &new, before()).await;
    shadowed.get("/7?view=full").await;
    shadowed.compared(1).await;
    let ended = shadowed.banyan(&["users"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    // Times and ids are others each time.
    let volatile = regex::Regex::new(r"20\d\d-\S+Z|rte-\w+|request \S+").unwrap();
    let text = volatile.replace_all(&ended.stdout, "…").into_owned();
    let expected = r#"/users  100 % of the reads are mirrored, service users, route …
  since …
  compared             1
  equal                0  0 %
  different            1
  not compared         0
  left out by banyan:ignore: /at

GET /prod/users/7?view=full
  …, …
  differs: /bio /name /tags/1
  answer of monolith                      copy to users
  -----------------------------------------------------------------------------
  … 2 equal lines
  {                                       {
    "a": 1                                  "a": 1
    "at": 1                             ~   "at": 2
    "b": 2                                  "b": 2
    "bio": ""                           <
    "id": 7                                 "id": 7
    "name": "Finn"                      |   "name": "Jake"
    "tags": [                               "tags": [
      "x"                                     "x"
                                        >     "y"
    ]                                       ]
  }                                       }
"#;
    assert_eq!(text, expected);
    for line in ended.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[tokio::test]
async fn an_answer_cannot_drive_the_terminal_and_the_last_differences_come_first() {
    let old = service("text/plain", "\u{1b}[2Jone\nsame\n");
    let new = service("text/html", "two\nsame\n");
    let shadowed = Shadowed::start(&old, &new, before()).await;
    for n in 1..=4 {
        shadowed.get(&format!("?n={n}")).await;
        shadowed.compared(n).await;
    }
    let ended = shadowed.banyan(&["/users", "--last", "2"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said = ended.stdout;
    assert!(said.contains("\\u{1b}[2Jone") && !said.contains('\u{1b}'), "{said}");
    assert!(said.contains("  content type: text/plain"), "{said}");
    let asked: Vec<_> = said.lines().filter(|line| line.starts_with("GET ")).collect();
    assert_eq!(asked, ["GET /prod/users?n=4", "GET /prod/users?n=3"]);
}

#[tokio::test]
async fn a_route_that_mirrors_nothing_is_told_from_those_that_do() {
    let same = service("text/plain", "same");
    let shadowed = Shadowed::start(&same, &same, before()).await;
    let ended = shadowed.banyan(&["posts"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    for part in ["no route posts has a shadow", &shadowed.route, "/users, service users"] {
        assert!(ended.stderr.contains(part), "{part} is not in {}", ended.stderr);
    }
}
