//! `/-/shadows`: what the comparison of mirrored reads found. Each process tells what it saw itself.

use serde_json::json;

use super::answer::ControlAnswer;
use super::protocol::JSON;
use super::rest;
use super::signature::Received;
use proxy::DataPlane;

const PATH: &str = "/-/shadows";

/// `GET /-/shadows`: the shadow of every route, as `{"shadows": [...]}`, by path. `GET /-/shadows/{route}`: that of the
/// route with this id, with its last differences. Each has the shape of [`proxy::ShadowReport`]. `None` for another
/// path.
///
/// # Errors
/// 400 for a query, 404 for a route that has no shadow, 405 for another method.
pub(super) fn answer(plane: &DataPlane, received: &Received) -> Option<ControlAnswer> {
    let rest = received.path.strip_prefix(PATH)?;
    let route = if rest.is_empty() { None } else { Some(rest.strip_prefix('/')?) };
    Some(if received.method != "GET" {
        rest::not_allowed(&received.method, "GET", "shadows are read with GET")
    } else if !received.query.is_empty() {
        rest::no_query(received)
    } else {
        match route {
            None => {
                ControlAnswer::new(200, JSON, json!({ "shadows": plane.shadows() }).to_string())
            }
            Some(route) => match plane.shadow(route) {
                Some(found) => ControlAnswer::new(200, JSON, json!(found).to_string()),
                None => rest::plain(404, "ResourceNotFoundException", &no_shadow(route)),
            },
        }
    })
}

fn no_shadow(route: &str) -> String {
    format!(
        "there is no active route {route} with banyan:shadow; GET {PATH} lists those that there are"
    )
}
