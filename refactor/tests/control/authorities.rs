//! Services whose certificates come from an authority of their own, as an operator sees it.

use std::fs;
use std::net::SocketAddr;

use harness::{Manner, Neighbour, Program, TestAuthority, TestCertificate, until};
use refactor::{Client, Keys};
use serde_json::{Value, json};

use crate::client::{application, call, fallback, get, post, refused, setup, tags_of, uri_path};

const TOKEN: &str = "a-token-for-the-tests";

/// A control plane with the authority `shop`, and an application.
struct Shop {
    program: Program,
    application: String,
    authority: TestAuthority,
    upstream: Neighbour,
    folder: tempfile::TempDir,
}

impl Shop {
    async fn start() -> Self {
        let (authority, folder) = (TestAuthority::new(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("shop.pem"), authority.pem()).unwrap();
        let setup = setup().env("UPSTREAM_CA_DIR", folder.path().to_str().unwrap());
        let program = setup.env("MOVE_TOKEN", TOKEN).start().await;
        let application = application(&program).await;
        let upstream = Neighbour::start(Manner::Has(vec![1]));
        Self { program, application, authority, upstream, folder }
    }

    /// The upstream, behind a certificate.
    async fn url(&self, certificate: TestCertificate) -> String {
        let address: SocketAddr = self.upstream.url()["http://".len()..].parse().unwrap();
        format!("https://127.0.0.1:{}", certificate.in_front_of(address).await)
    }

    /// What making a service answers.
    async fn try_service(&self, url: &str, tags: &Value) -> harness::Answer {
        let body = json!({
            "Name": "shop", "EndpointType": "URL", "UrlEndpoint": { "Url": url }, "Tags": tags,
        });
        call(&self.program, "POST", &format!("{}/services", self.application), &body).await
    }

    async fn service(&self, url: &str, tags: &Value) -> Value {
        let answer = self.try_service(url, tags).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// A route to a service, once its health check has ended.
    async fn route(&self, path: &str, service: &Value) -> Value {
        let id = service["ServiceId"].as_str().unwrap();
        let routes = format!("{}/routes", self.application);
        let mut body = uri_path(id, path, "ACTIVE");
        body["UriPathRoute"]["IncludeChildPaths"] = true.into();
        let made = post(&self.program, &routes, &body).await;
        let path = format!("{routes}/{}", made["RouteId"].as_str().unwrap());
        until("the health check has ended", async || {
            get(&self.program, &path).await["State"] != "CREATING"
        })
        .await;
        get(&self.program, &path).await
    }
}

fn ca(name: &str) -> Value {
    json!({ "banyan:ca": name })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_asks_the_authority_of_the_service_and_says_what_failed() {
    let shop = Shop::start().await;
    let other = TestAuthority::new();
    let right = shop.url(shop.authority.certificate("127.0.0.1")).await;
    let monolith = shop.service(&right, &ca("shop")).await;
    let routes = format!("{}/routes", shop.application);
    post(&shop.program, &routes, &fallback(monolith["ServiceId"].as_str().unwrap())).await;
    let active = shop.route("/active", &monolith).await;
    assert_eq!(active["State"], "ACTIVE", "{active}");
    // No other service is trusted by it, not even one at the same address.
    let failing = [
        ("/unnamed", right.clone(), json!({}), "UnknownIssuer"),
        ("/other", shop.url(other.certificate("127.0.0.1")).await, ca("shop"), "UnknownIssuer"),
        ("/expired", shop.url(shop.authority.expired("127.0.0.1")).await, ca("shop"), "expired"),
        (
            "/name",
            shop.url(shop.authority.certificate("shop.example")).await,
            ca("shop"),
            "not valid for name",
        ),
    ];
    for (path, url, tags, part) in failing {
        let service = shop.service(&url, &tags).await;
        let route = shop.route(path, &service).await;
        assert_eq!(route["State"], "FAILED", "{route}");
        let message = route["Error"]["Message"].as_str().unwrap();
        assert!(message.contains(&url) && message.contains(part), "{message}");
        assert_eq!(message.contains("banyan:ca"), tags != json!({}), "{message}");
        assert_eq!(route["Error"]["ResourceIdentifier"], service["ServiceId"], "{route}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_the_service_and_what_failed_and_a_new_file_is_read() {
    let shop = Shop::start().await;
    let url = shop.url(shop.authority.certificate("127.0.0.1")).await;
    let service = shop.service(&url, &ca("shop")).await;
    let routes = format!("{}/routes", shop.application);
    post(&shop.program, &routes, &fallback(service["ServiceId"].as_str().unwrap())).await;
    let application = get(&shop.program, &shop.application).await;
    let proxy = format!("{}/shop/1", application["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap());
    let client = reqwest::Client::new();
    let ask = async || client.get(&proxy).send().await.unwrap().status().as_u16();
    until("it takes traffic", async || ask().await == 200).await;
    let file = shop.folder.path().join("shop.pem");
    fs::write(&file, TestAuthority::new().pem()).unwrap();
    until("the file is read again", async || ask().await == 502).await;
    let said = shop.program.logged("UnknownIssuer").await;
    for part in ["service shop", &url, "its only authority is banyan:ca=shop"] {
        assert!(said.contains(part), "{said}");
    }
    fs::write(&file, shop.authority.pem()).unwrap();
    until("it is right again", async || ask().await == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_cannot_be_used_is_refused_at_once() {
    let shop = Shop::start().await;
    let url = shop.url(shop.authority.certificate("127.0.0.1")).await;
    fs::write(shop.folder.path().join("broken.pem"), "no certificate").unwrap();
    let takes = "the name of a file in UPSTREAM_CA_DIR without its .pem";
    let monolith = shop.service(shop.upstream.url(), &json!({})).await;
    let routes = format!("{}/routes", shop.application);
    post(&shop.program, &routes, &fallback(monolith["ServiceId"].as_str().unwrap())).await;
    let service = shop.service(&url, &json!({})).await;
    for (name, part) in [
        ("../shop", takes),
        ("a/shop", takes),
        ("shop.pem", takes),
        ("..", takes),
        ("missing", "UPSTREAM_CA_DIR has no file"),
        ("broken", "it has no certificate in PEM form"),
    ] {
        let made = shop.try_service(&url, &ca(name)).await;
        let tagged =
            call(&shop.program, "POST", &tags_of(&service), &json!({ "Tags": ca(name) })).await;
        for answer in [made, tagged] {
            let said = refused(&answer, 400, "ValidationException");
            assert!(said["Message"].as_str().unwrap().contains(part), "{name}: {said}");
        }
    }
    let plain = shop.try_service(shop.upstream.url(), &ca("shop")).await;
    let said = refused(&plain, 400, "ValidationException");
    assert!(said["Message"].as_str().unwrap().contains("https"), "{said}");
    // A route has the authority of its service.
    let mut body = uri_path(service["ServiceId"].as_str().unwrap(), "/x", "ACTIVE");
    body["Tags"] = ca("shop");
    let path = format!("{}/routes", shop.application);
    refused(&call(&shop.program, "POST", &path, &body).await, 400, "ValidationException");
    post(&shop.program, &tags_of(&service), &json!({ "Tags": ca("shop") })).await;
    let route = shop.route("/x", &service).await;
    assert_eq!(route["State"], "ACTIVE", "{route}");

    let without = setup().start().await;
    let application = application(&without).await;
    let body = json!({
        "Name": "shop", "EndpointType": "URL", "UrlEndpoint": { "Url": url }, "Tags": ca("shop"),
    });
    let answer = call(&without, "POST", &format!("{application}/services"), &body).await;
    let said = refused(&answer, 400, "ValidationException");
    assert!(said["Message"].as_str().unwrap().contains("UPSTREAM_CA_DIR is not set"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_asks_the_authority_of_each_service() {
    let shop = Shop::start().await;
    let url = shop.url(shop.authority.certificate("127.0.0.1")).await;
    let monolith = shop.service(&url, &ca("shop")).await;
    let routes = format!("{}/routes", shop.application);
    post(&shop.program, &routes, &fallback(monolith["ServiceId"].as_str().unwrap())).await;
    let keys = Keys::read(&shop.program.setup().folder().join(".refactor")).unwrap();
    let client = Client::new(runtime::http_client(false).unwrap(), shop.program.url(), keys);
    let options = json!({ "target": shop.upstream.url() });
    let follow =
        async || client.command("orders", "follow", &options).await.unwrap_err().to_string();
    // It is reached, and has no such collection.
    let said = follow().await;
    assert!(said.contains("orders") && !said.contains("certificate"), "{said}");
    let asked = shop.upstream.heads().len();
    fs::write(shop.folder.path().join("shop.pem"), TestAuthority::new().pem()).unwrap();
    let said = follow().await;
    for part in ["the source ", &url, "not reached", "invalid peer certificate: UnknownIssuer"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let of_source =
        |head: &String| head.contains("/orders") && head.contains(&url["https://".len()..]);
    assert!(!shop.upstream.heads()[asked..].iter().any(of_source), "it gets no request");
    fs::remove_file(shop.folder.path().join("shop.pem")).unwrap();
    let said = follow().await;
    assert!(said.contains("not reached"), "{said}");
}
