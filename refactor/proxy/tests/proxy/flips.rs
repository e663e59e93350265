//! Routes that change under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;

use crate::plane::{Plane, body, default, read_answer, route, status};
use crate::service::Service;

const CONNECTIONS: usize = 64;
const FLIPS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn routes_flip_under_load_without_a_failed_request_or_one_that_goes_astray() {
    let (monolith, posts) = (Service::saying("monolith").await, Service::saying("posts").await);
    let moved = vec![default(&monolith.url), route("rte-posts00000", "/posts", &posts.url)];
    let plane = Arc::new(Plane::start(moved.clone()));
    let stop = Arc::new(AtomicBool::new(false));
    // Of each client, so that it is known when all requests of a moment were answered.
    let answered: Arc<[AtomicUsize]> = (0..CONNECTIONS).map(|_| AtomicUsize::new(0)).collect();
    let counts = || answered.iter().map(|count| count.load(Ordering::SeqCst)).collect::<Vec<_>>();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|client| {
            let (plane, stop, answered) =
                (Arc::clone(&plane), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                // One connection for the whole time: none is reset.
                let mut stream = plane.connect().await;
                while !stop.load(Ordering::SeqCst) {
                    let request = match client % 2 {
                        0 => "GET /api/posts/1 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
                        _ => "POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                            .to_owned(),
                    };
                    stream.write_all(request.as_bytes()).await.unwrap();
                    let answer = read_answer(&mut stream).await;
                    assert_eq!(status(&answer), 200, "{answer}");
                    assert!(["posts", "monolith"].contains(&body(&answer)), "{answer}");
                    answered[client].fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let in_flight = r#"refactor_requests_in_flight{application="app-0123456789",route="rte-posts00000",service="rte-posts00000"}"#;
    for flip in 0..FLIPS {
        if flip % 2 == 0 {
            plane.set(vec![default(&monolith.url)]);
            // What began before may still be under way, or be about to be counted as such; after that nothing comes.
            let start = counts();
            let answered_since =
                |start: &[usize]| counts().iter().zip(start).all(|(now, then)| now > then);
            harness::until("what began before is done", async || {
                answered_since(&start) && plane.metric(in_flight) == 0.0
            })
            .await;
            let (before, start) = (posts.count(), counts());
            harness::until("requests went on", async || answered_since(&start)).await;
            assert_eq!(posts.count(), before, "flip {flip}: a request after the route left");
        } else {
            plane.set(moved.clone());
            let before = posts.count();
            harness::until("requests reach the service", async || posts.count() > before).await;
        }
        assert!(clients.iter().all(|client| !client.is_finished()), "a client failed");
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn a_new_table_holds_for_every_request_that_begins_after_it_was_set() {
    let (one, two) = (Service::saying("one").await, Service::saying("two").await);
    let plane = Plane::start(vec![default(&one.url)]);
    let mut stream = plane.connect().await;
    for (service, expected) in [(&two, "two"), (&one, "one")].into_iter().cycle().take(100) {
        plane.set(vec![default(&service.url)]);
        stream.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(body(&read_answer(&mut stream).await), expected);
    }
}
