//! Which bodies are read, and how.

use actix_web::ResponseError;
use actix_web::body::MessageBody;
use models::{Alphabet, Collection, Field};
use serde_json::Value;

use super::parse;

fn fault(body: &str) -> (String, String) {
    let fields = ["username", "name", "bio"];
    let fields = fields.map(|name| Field::text(name, 0..=9, Alphabet::Line));
    let users = Collection::new("users", "user", fields);
    let problem = parse(&users, body.as_bytes()).unwrap_err();
    let response = problem.error_response();
    assert_eq!(response.status(), 400);
    let bytes = response.into_body().try_into_bytes().unwrap_or_default();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let error = &document["errors"][0];
    let text = |key: &str| error[key].as_str().unwrap().to_owned();
    (text("pointer"), text("detail"))
}

#[test]
fn the_field_that_cannot_be_read_is_named() {
    assert_eq!(fault(r#"{"name": 5}"#).0, "#/name");
    assert_eq!(fault(r#"{"name": null}"#).0, "#/name");
    let (_, detail) = fault(r#"{"name": "a", "name": "b"}"#);
    assert!(detail.contains("duplicate field `name`"), "{detail}");
    let (pointer, detail) = fault(r#"{"na/me x": "a"}"#);
    assert_eq!(pointer, "#/na~1me%20x");
    assert!(detail.contains("unknown field"), "{detail}");
}

#[test]
fn what_is_no_json_object_is_refused() {
    for body in
        ["{", "nope", "{\"name\": \"a\"} x", "{\"name\": \"\\ud800\"}", &"[".repeat(100_000)]
    {
        assert!(fault(body).0.starts_with('#'), "{body:.20}");
    }
}
