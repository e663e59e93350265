//! The orderly end of a listener.

use std::time::Duration;

use proxy::{Beside, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

use crate::plane::{APPLICATION, Plane, body, default, field, read_answer, route, status};
use crate::service::{Service, next_request, ok};

/// So long that a test never waits for it.
const LONG: Duration = Duration::from_secs(600);

fn silent() -> oneshot::Sender<()> {
    oneshot::channel().0
}

/// A service that tells of each request, and answers with this text once it may.
async fn waiting(
    text: &'static str,
) -> (Service, mpsc::UnboundedReceiver<()>, watch::Sender<bool>) {
    let (go_on, wait) = watch::channel(false);
    let (arrived, arrival) = mpsc::unbounded_channel();
    let service = Service::serving(move |mut stream| {
        let (mut wait, arrived) = (wait.clone(), arrived.clone());
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            arrived.send(()).unwrap();
            wait.wait_for(|go_on| *go_on).await.unwrap();
            stream.write_all(&ok(text)).await.unwrap();
        }
    })
    .await;
    (service, arrival, go_on)
}

#[tokio::test]
async fn a_listener_that_closes_answers_what_is_in_flight_and_takes_nothing_new() {
    let (service, mut arrival, go_on) = waiting("late").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut idle = plane.connect().await;
    let mut busy = plane.connect().await;
    busy.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    arrival.recv().await.unwrap();
    let closed = tokio::spawn(plane.plane.close(APPLICATION, LONG));
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0, "an idle connection ends at once");
    harness::until("nothing listens", async || TcpStream::connect(plane.address).await.is_err())
        .await;
    assert!(!closed.is_finished());
    go_on.send(true).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert_eq!((status(&answer), body(&answer)), (200, "late"));
    assert_eq!(field(&answer, "connection"), Some("close"));
    closed.await.unwrap();
    let again = plane.plane.open(APPLICATION, "api", plane.address, vec![]).unwrap();
    assert_eq!(again, plane.address);
    assert_eq!(status(&plane.get("/", "").await), 200);
}

#[tokio::test]
async fn each_application_has_a_port_and_a_table_of_its_own() {
    let (one, two) = (Service::saying("one").await, Service::saying("two").await);
    let plane = Plane::start(vec![default(&one.url)]);
    let any = "127.0.0.1:0".parse().unwrap();
    let other = plane.plane.open("app-other00000", "prod", any, vec![default(&two.url)]).unwrap();
    let both = Plane { plane: plane.plane.clone(), address: other };
    assert_eq!(body(&plane.get("/api", "").await), "one");
    assert_eq!(body(&both.get("/prod", "").await), "two");
    assert_eq!(status(&both.get("/api", "").await), 404);
    plane.plane.close("app-other00000", LONG).await;
    assert_eq!(body(&plane.get("/api", "").await), "one");
    assert!(plane.plane.open(APPLICATION, "api", any, vec![]).is_err(), "it is open already");
}

#[tokio::test]
async fn a_plane_that_drains_tells_each_connection_in_its_next_answer() {
    let service = Service::saying("here").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut kept = plane.connect().await;
    let get = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n";
    kept.write_all(get).await.unwrap();
    assert_eq!(field(&read_answer(&mut kept).await, "connection"), None);
    let drained = tokio::spawn(plane.plane.drain(LONG, LONG, silent()));
    harness::until("nothing listens", async || TcpStream::connect(plane.address).await.is_err())
        .await;
    // It was idle all the while; its next request is answered, and the last.
    kept.write_all(get).await.unwrap();
    let answer = read_answer(&mut kept).await;
    assert_eq!((status(&answer), body(&answer)), (200, "here"));
    assert_eq!(field(&answer, "connection"), Some("close"));
    assert_eq!(kept.read(&mut [0]).await.unwrap(), 0);
    drained.await.unwrap();
}

#[tokio::test]
async fn connections_that_wait_to_be_accepted_are_answered_before_the_port_closes() {
    let service = Service::saying("here").await;
    // It accepts no second connection while the first one is there.
    let settings = Settings { workers: 1, connections: 1, ..Settings::default() };
    let plane = Plane::with(settings, vec![default(&service.url)]);
    let first = plane.connect().await;
    let head = "GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let waiting = tokio::spawn(plane.send_on(head));
    let drained = tokio::spawn(plane.plane.drain(LONG, LONG, silent()));
    drop(first);
    assert_eq!(body(&waiting.await.unwrap()), "here");
    drained.await.unwrap();
}

#[tokio::test]
async fn an_application_that_is_made_while_a_plane_drains_is_not_opened() {
    let (service, mut arrival, go_on) = waiting("late").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let head = "GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let busy = tokio::spawn(plane.send_on(head));
    arrival.recv().await.unwrap();
    let drained = tokio::spawn(plane.plane.drain(LONG, LONG, silent()));
    let any = "127.0.0.1:0".parse().unwrap();
    let opened = plane.plane.open("app-other00000", "prod", any, vec![default(&service.url)]);
    assert!(opened.is_err_and(|error| error.to_string().contains("is stopping")));
    go_on.send(true).unwrap();
    assert_eq!(body(&busy.await.unwrap()), "late");
    drained.await.unwrap();
}

#[tokio::test]
async fn what_takes_too_long_is_broken_off() {
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::serving(move |mut stream| {
        let arrived = arrived.clone();
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            arrived.send(()).unwrap();
            std::future::pending().await
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut busy = plane.connect().await;
    busy.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    arrival.recv().await.unwrap();
    plane.plane.drain(LONG, Duration::from_millis(10), silent()).await;
    assert_eq!(busy.read(&mut [0]).await.unwrap_or(0), 0, "there is no answer");
}

#[tokio::test]
async fn an_http_2_connection_is_told_to_go_and_answers_what_has_begun() {
    let (service, mut arrival, go_on) = waiting("late").await;
    let plane = Plane::start(vec![default(&service.url)]);
    let (mut requests, connection) = h2::client::handshake(plane.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = || http::Request::get("http://board/api").body(()).unwrap();
    let (answer, _) = requests.send_request(request(), true).unwrap();
    arrival.recv().await.unwrap();
    let drained = tokio::spawn(plane.plane.drain(LONG, LONG, silent()));
    // After GOAWAY the client opens no stream.
    harness::until("it is told to go", async || match requests.clone().ready().await {
        Ok(mut requests) => requests.send_request(request(), true).is_err(),
        Err(_) => true,
    })
    .await;
    go_on.send(true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
    drained.await.unwrap();
    drop(requests);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_second_plane_takes_over_the_port_and_no_client_notices() {
    let (slow, mut arrival, go_on) = waiting("slow").await;
    let (one, two) = (Service::saying("one").await, Service::saying("two").await);
    let old = Plane::start(vec![default(&one.url), route("rte-slow", "/slow", &slow.url)]);
    let head = "GET /api/slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let busy = tokio::spawn(old.send_on(head));
    arrival.recv().await.unwrap();
    let new = proxy::DataPlane::new(Settings { workers: 1, ..Settings::default() }).unwrap();
    new.inherit(old.plane.sockets().unwrap()).unwrap();
    new.open(APPLICATION, "api", old.address, vec![default(&one.url)]).unwrap();
    new.forget_inherited();
    new.is_beside(Beside::Serving);
    assert!(new.has_earlier_uploads(APPLICATION), "it is not known here");

    // A change is live only when no request begins at the old one.
    let changing = new.clone();
    let url = two.url.clone();
    let changed =
        tokio::task::spawn_blocking(move || changing.set_routes(APPLICATION, vec![default(&url)]));
    let (quiet, told) = oneshot::channel();
    let drained = tokio::spawn(old.plane.drain(Duration::from_millis(50), LONG, quiet));
    for _ in 0..100 {
        assert_eq!(status(&old.get("/api", "").await), 200);
    }
    told.await.unwrap();
    assert!(!changed.is_finished());
    new.is_beside(Beside::Finishing);
    changed.await.unwrap();
    assert_eq!(body(&old.get("/api", "").await), "two");
    assert!(new.has_earlier_uploads(APPLICATION));

    go_on.send(true).unwrap();
    assert_eq!(body(&busy.await.unwrap()), "slow");
    drained.await.unwrap();
    new.is_beside(Beside::Gone);
    assert!(!new.has_earlier_uploads(APPLICATION));
}

#[tokio::test]
async fn a_plane_that_drains_takes_new_routes() {
    let (old, new) = (Service::saying("old").await, Service::saying("new").await);
    let plane = Plane::start(vec![default(&old.url)]);
    let mut kept = plane.connect().await;
    let get = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n";
    kept.write_all(get).await.unwrap();
    assert_eq!(body(&read_answer(&mut kept).await), "old");
    let drained = tokio::spawn(plane.plane.drain(LONG, LONG, silent()));
    harness::until("nothing listens", async || TcpStream::connect(plane.address).await.is_err())
        .await;
    plane.set(vec![default(&new.url)]);
    kept.write_all(get).await.unwrap();
    let answer = read_answer(&mut kept).await;
    assert_eq!((body(&answer), field(&answer, "connection")), ("new", Some("close")));
    drained.await.unwrap();
}
