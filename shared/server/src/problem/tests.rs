//! What an error looks like to a client.

use std::io;
use std::time::Duration;

use actix_web::ResponseError;
use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use models::FieldErrors;
use replication::ErrorCode;
use runtime::PROBLEM_JSON;
use store::{Late, StoreError};

use super::Problem;

#[test]
fn a_problem_is_a_document_of_rfc_9457() {
    let mut errors = FieldErrors::default();
    errors.add("name", "is required");
    let response = Problem::invalid(errors).error_response();
    assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
    let Ok(body) = response.into_body().try_into_bytes() else { panic!("no body") };
    assert_eq!(
        body,
        r##"{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"fields break rules; nothing was stored","errors":[{"pointer":"#/name","detail":"is required"}]}"##
    );
}

#[test]
fn an_unknown_outcome_is_never_called_not_stored() {
    let lost = StoreError::OutcomeUnknown(std::sync::Arc::new(io::Error::other("cut")));
    let limit = Duration::from_secs(12);
    let lost = Problem::of_store(lost, "user", None);
    for (problem, status) in [(lost, 502), (Problem::late(Late::Unknown, limit), 504)] {
        for what in ["may be stored, or not", "same Idempotency-Key", "PUT, PATCH and DELETE"] {
            assert!(problem.to_string().contains(what), "{problem}");
        }
        let response = problem.error_response();
        assert_eq!(response.status(), status);
        assert!(!response.headers().contains_key("retry-after"), "{status}");
    }
    let given_up = Problem::late(Late::NotBegun, limit);
    assert!(given_up.to_string().contains("nothing was stored"), "{given_up}");
    let response = given_up.error_response();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
}

#[test]
fn a_code_comes_with_its_own_status_only() {
    for status in 400..600 {
        let problem = Problem::new(StatusCode::from_u16(status).unwrap(), "no").coded();
        let other = problem.code.map(ErrorCode::status).filter(|of_code| *of_code != status);
        assert_eq!(other, None, "{status}");
    }
    let late = Problem::late(Late::Unknown, Duration::from_secs(12)).coded();
    assert_eq!(late.code, Some(ErrorCode::OutcomeLate));
    let internal = Problem::internal().coded();
    assert_eq!(internal.code, Some(ErrorCode::Internal));
}
