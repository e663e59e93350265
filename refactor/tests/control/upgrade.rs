//! A new process takes over from the one that runs, and no client notices.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use harness::{Program, until};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::client::{application, call, fallback, get, ok, post, service, setup, uri_path};

/// How many upgrades there are; `UPGRADES` says another number.
const UPGRADES: usize = 3;

/// A service that answers each request with 200 and this body, and keeps connections.
async fn upstream(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Some((head, _)) = read(&mut stream).await {
                    assert!(!head.is_empty());
                    let length = body.len();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
                    stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    url
}

/// The next head and its body; nothing if the connection ends before it begins.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            assert_eq!(head, "", "a connection ends within a head");
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    Some((head, String::from_utf8(body).unwrap()))
}

/// What all clients know.
struct World {
    address: SocketAddr,
    stop: AtomicBool,
    answered: AtomicUsize,
    /// How often the route was changed: even while the first service has it, and counted up before and after the change.
    changes: AtomicUsize,
}

impl World {
    /// Checks an answer. `before` is what was known of the route when the request was sent.
    fn check(&self, before: usize, head: &str, body: &str) {
        assert!(head.starts_with("http/1.1 200"), "{head}{body}");
        // Counted by fours: settled at one service, changing, settled at the other, changing.
        if self.changes.load(Ordering::SeqCst) == before && before.is_multiple_of(2) {
            let expected = if before.is_multiple_of(4) { "one" } else { "two" };
            assert_eq!(body, expected, "a request that began after the change was answered");
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    /// Sends one request after the other; on one connection for as long as it may be kept, or each on its own.
    async fn client(self: Arc<Self>, method: &'static str, keep: bool) {
        let mut kept = None;
        while !self.stop.load(Ordering::SeqCst) {
            let mut stream = match kept.take() {
                Some(stream) => stream,
                None => BufReader::new(TcpStream::connect(self.address).await.unwrap()),
            };
            let before = self.changes.load(Ordering::SeqCst);
            let request = format!(
                "{method} /prod/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
            );
            stream.get_mut().write_all(request.as_bytes()).await.unwrap();
            let answer = read(&mut stream).await;
            let (head, body) = answer.expect("each request is answered");
            self.check(before, &head, &body);
            if keep && !head.contains("connection: close") {
                kept = Some(stream);
            }
        }
    }

    /// The same with several requests at once over HTTP/2.
    async fn http2(self: Arc<Self>) {
        let url = format!("http://{}/prod/users", self.address);
        let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        let ask = async || {
            let before = self.changes.load(Ordering::SeqCst);
            let answer = client.get(&url).send().await.unwrap();
            let status = answer.status().as_u16();
            self.check(before, &format!("http/1.1 {status}"), &answer.text().await.unwrap());
        };
        while !self.stop.load(Ordering::SeqCst) {
            tokio::join!(ask(), ask(), ask());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_fails_no_request_and_leaves_no_stale_route() {
    let upgrades = std::env::var("UPGRADES").map_or(UPGRADES, |number| number.parse().unwrap());
    let (one, two) = (upstream("one").await, upstream("two").await);
    let mut program = setup().start().await;
    let path = application(&program).await;
    let shown = get(&program, &path).await;
    let url = shown["ApiGatewayProxy"]["ProxyUrl"].as_str().unwrap().to_owned();
    let routes = format!("{path}/routes");
    let (one, two) = (service(&program, &path, &one).await, service(&program, &path, &two).await);
    post(&program, &routes, &fallback(&one)).await;
    let route = post(&program, &routes, &uri_path(&two, "/users", "INACTIVE")).await;
    let route = format!("{routes}/{}", route["RouteId"].as_str().unwrap());

    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap();
    let world = Arc::new(World {
        address,
        stop: AtomicBool::new(false),
        answered: AtomicUsize::new(0),
        changes: AtomicUsize::new(0),
    });
    let mut clients = JoinSet::new();
    for method in ["GET", "POST"] {
        clients.spawn(Arc::clone(&world).client(method, true));
        clients.spawn(Arc::clone(&world).client(method, true));
        clients.spawn(Arc::clone(&world).client(method, false));
    }
    clients.spawn(Arc::clone(&world).http2());
    for upgrade in 0..upgrades {
        let before = world.answered.load(Ordering::SeqCst);
        let more = async |count| {
            until("there are more answers", async || {
                world.answered.load(Ordering::SeqCst) > before + count
            })
            .await;
        };
        more(50).await;
        let new = program.setup().clone().env("TAKE_OVER", "true").start().await;
        let state = if upgrade % 2 == 0 { "ACTIVE" } else { "INACTIVE" };
        world.changes.fetch_add(1, Ordering::SeqCst);
        ok(&call(&new, "PATCH", &route, &json!({ "ActivationState": state })).await);
        world.changes.fetch_add(1, Ordering::SeqCst);
        let ended = program.ended().await;
        assert_eq!(ended.code(), Some(0), "{}", program.log());
        assert_eq!(new.address(), program.address(), "the control port is the same");
        program = new;
        more(100).await;
    }
    world.stop.store(true, Ordering::SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    eprintln!("{upgrades} upgrades, {} answers", world.answered.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_process_that_fails_to_take_over_leaves_the_other_as_it_was() {
    let upstream = upstream("one").await;
    let program = setup().start().await;
    let path = application(&program).await;
    let service = service(&program, &path, &upstream).await;
    // Its keys cannot be used, which it finds out only after the other one gave up the state.
    let keys = program.setup().folder().join(".refactor/credentials.json");
    let kept = std::fs::read(&keys).unwrap();
    std::fs::write(&keys, "{").unwrap();
    let (code, log) = program.setup().clone().env("TAKE_OVER", "true").run().await;
    std::fs::write(&keys, kept).unwrap();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("credentials.json"), "{log}");
    let told = program.logged("no other process took over, and this one goes on").await;
    until("it has its state again", async || {
        call(&program, "GET", &path, &Value::Null).await.status == 200
    })
    .await;
    assert!(told.contains("credentials.json"), "it says what the other one said: {told}");
    post(&program, &format!("{path}/routes"), &fallback(&service)).await;
    let new = taken_over(program).await;
    get(&new, &path).await;
}

async fn taken_over(mut program: Program) -> Program {
    let new = program.setup().clone().env("TAKE_OVER", "true").start().await;
    assert_eq!(program.ended().await.code(), Some(0), "{}", program.log());
    new
}

#[tokio::test]
async fn a_process_that_is_to_take_over_starts_where_none_runs() {
    let program = setup().env("TAKE_OVER", "true").start().await;
    application(&program).await;
    let mut new = taken_over(program).await;
    new.kill().await;
    // Its socket is there still.
    let new = new.setup().clone().start().await;
    application(&new).await;
    taken_over(new).await;
}
