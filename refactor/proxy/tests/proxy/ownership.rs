//! Requests find the primary of a collection while it moves.

mod bodies;
mod epochs;
mod primaries;
mod reads;
mod waiting;

use proxy::Route;

use crate::plane::{Plane, default, route};
use crate::store::{Role, Store};

/// A route that takes no traffic yet.
fn inactive(url: &str) -> Route {
    Route { active: false, ..route("rte-users00000", "/users", url) }
}

/// All goes to the first one; a route to the second one is there, and takes nothing.
fn before(old: &str, new: &str) -> Vec<Route> {
    vec![default(&format!("{old}/api")), inactive(&format!("{new}/api"))]
}

async fn stores() -> (Store, Store, Plane) {
    let old = Store::start(Role::Primary).await;
    let new = Store::start(old.followed()).await;
    let plane = Plane::start(before(&old.service.url, &new.service.url));
    (old, new, plane)
}

/// A write with this body.
fn post(body: &str) -> String {
    let length = body.len();
    format!("POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// The last request on its connection.
fn last(request: &str) -> String {
    request.replacen("Host: x\r\n", "Host: x\r\nConnection: close\r\n", 1)
}

fn waiting(plane: &Plane) -> f64 {
    plane.metric("banyan_proxy_waiting")
}
