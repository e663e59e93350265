//! The orderly end of a listener.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::plane::{APPLICATION, Plane, body, default, field, status};
use crate::service::{Service, next_request, ok};

#[tokio::test]
async fn a_listener_that_closes_answers_what_is_in_flight_and_takes_nothing_new() {
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::serving(move |mut stream| {
        let (mut wait, arrived) = (wait.clone(), arrived.clone());
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            arrived.send(()).unwrap();
            wait.wait_for(|go_on| *go_on).await.unwrap();
            stream.write_all(&ok("late")).await.unwrap();
        }
    })
    .await;
    let plane = Plane::start(vec![default(&service.url)]);
    let mut idle = plane.connect().await;
    let mut busy = plane.connect().await;
    busy.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    arrival.recv().await.unwrap();
    let closed = tokio::spawn(plane.plane.close(APPLICATION));
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
    plane.plane.close("app-other00000").await;
    assert_eq!(body(&plane.get("/api", "").await), "one");
    assert!(plane.plane.open(APPLICATION, "api", any, vec![]).is_err(), "it is open already");
}
