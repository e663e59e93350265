//! What is answered in an epoch that is over does not count.

use proxy::{Epoch, Route};
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::{before, last, post};
use crate::plane::{APPLICATION, Plane, body, default, field, route, status};
use crate::service::{Service, next_request};
use crate::store::{Role, Store};

/// A primary of epoch 3, and one that was given up by force and woke up in epoch 2; the route leads to the latter.
async fn given_up() -> (Store, Store, Vec<Route>) {
    let (present, former) = (Store::start(Role::Primary).await, Store::start(Role::Primary).await);
    present.state().epoch = 3;
    former.state().epoch = 2;
    let users = route("rte-users00000", "/users", &format!("{}/api", former.service.url));
    let routes = vec![default(&format!("{}/api", present.service.url)), users];
    (present, former, routes)
}

/// An epoch that began without force.
fn switched_to(present: u64) -> Option<Epoch> {
    Some(Epoch { present, lost_below: 0 })
}

#[tokio::test]
async fn a_write_that_a_store_took_whose_epoch_is_over_is_no_success() {
    let (present, former, routes) = given_up().await;
    let plane = Plane::start(routes);
    plane.plane.set_epoch(APPLICATION, "users", switched_to(3));
    let answer = plane.send(last(&post("one"))).await;
    assert_eq!((status(&answer), field(&answer, "retry-after")), (502, None), "{answer}");
    assert!(body(&answer).contains("no longer the primary"), "{answer}");
    assert!(body(&answer).contains("lost"), "{answer}");
    assert_eq!((present.rows().len(), former.rows().len()), (0, 1));
    // Another collection, and another application, have epochs of their own.
    plane.plane.set_epoch(APPLICATION, "users", None);
    plane.plane.set_epoch(APPLICATION, "threads", switched_to(3));
    plane.plane.set_epoch("app-another000", "users", switched_to(3));
    assert_eq!(status(&plane.send(last(&post("two"))).await), 201);
}

#[tokio::test]
async fn a_read_that_is_answered_in_an_epoch_that_is_over_is_asked_of_another() {
    let (present, former, routes) = given_up().await;
    present.state().rows.push("present".to_owned());
    former.state().rows.push("former".to_owned());
    let plane = Plane::start(routes);
    assert_eq!(body(&plane.get("/api/users/1", "").await), "former");
    plane.plane.set_epoch(APPLICATION, "users", switched_to(3));
    assert_eq!(body(&plane.get("/api/users/1", "").await), "present");
    let asked = former.service.seen();
    assert_eq!(asked[0].field("banyan-position"), None);
    assert_eq!(asked[1].field("banyan-position"), Some("3.0"), "so far it must have come");
}

/// What is answered to a write that a store takes in epoch 2, of which that is told only after it was sent.
async fn told_meanwhile(status: &str, epoch: Epoch) -> String {
    let present = Store::start(Role::Primary).await;
    let (wake, awake) = watch::channel(false);
    let (got, mut has_got) = watch::channel(false);
    let taken = format!("HTTP/1.1 {status}\r\nBanyan-Position: 2.7\r\nContent-Length: 0\r\n\r\n");
    let stopped = Service::serving(move |mut stream| {
        let (mut awake, got, taken) = (awake.clone(), got.clone(), taken.clone());
        async move {
            next_request(&mut stream, &mut Vec::new()).await;
            got.send_replace(true);
            let _ = awake.wait_for(|awake| *awake).await;
            let _ = stream.write_all(taken.as_bytes()).await;
        }
    })
    .await;
    let users = route("rte-users00000", "/users", &format!("{}/api", stopped.url));
    let plane = Plane::start(vec![default(&format!("{}/api", present.service.url)), users]);
    plane.plane.set_epoch(APPLICATION, "users", switched_to(2));
    let write = tokio::spawn(plane.send_on(last(&post("one"))));
    has_got.wait_for(|got| *got).await.unwrap();
    plane.plane.set_epoch(APPLICATION, "users", Some(epoch));
    plane.set(before(&present.service.url, &stopped.url));
    wake.send_replace(true);
    write.await.unwrap()
}

#[tokio::test]
async fn a_write_that_was_under_way_when_its_store_was_given_up_is_no_success() {
    let answer = told_meanwhile("201 Created", Epoch { present: 2, lost_below: 3 }).await;
    assert_eq!(status(&answer), 502, "{answer}");
    let answer = told_meanwhile("201 Created", Epoch { present: 3, lost_below: 3 }).await;
    assert_eq!(status(&answer), 502, "{answer}");
    let answer = told_meanwhile("400 Bad Request", Epoch { present: 3, lost_below: 3 }).await;
    assert_eq!(status(&answer), 400, "nothing was taken: {answer}");
}

#[tokio::test]
async fn a_write_that_was_under_way_while_its_store_gave_way_in_order_is_a_success() {
    let answer = told_meanwhile("201 Created", Epoch { present: 3, lost_below: 0 }).await;
    assert_eq!(status(&answer), 201, "{answer}");
    let answer = told_meanwhile("201 Created", Epoch { present: 5, lost_below: 2 }).await;
    assert_eq!(status(&answer), 201, "an earlier one was given up: {answer}");
}

#[tokio::test]
async fn what_a_store_refuses_is_no_loss_whatever_its_epoch() {
    let refusing = Service::answering(|_| {
        b"HTTP/1.1 400 Bad Request\r\nBanyan-Position: 2.7\r\nContent-Length: 0\r\n\r\n".to_vec()
    })
    .await;
    let plane = Plane::start(vec![default(&format!("{}/api", refusing.url))]);
    plane.plane.set_epoch(APPLICATION, "users", switched_to(3));
    assert_eq!(status(&plane.send(last(&post("one"))).await), 400);
}
