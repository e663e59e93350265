//! The answers to the client if no service answers.

use http::StatusCode;

use super::Ended;
use crate::client::BodyError;
use crate::problem::Problem;
use crate::target::Target;
use crate::upstream::Failure;

/// The client's answer if the service gave none: it names the route, never the address of the service.
pub(super) fn unanswered(target: &Target, failure: Failure) -> Ended {
    let (route, service) = (&target.route.id, &target.route.service);
    let problem = |status, what: &str| {
        Problem::new(status, format!("route {route}: the service {service} {what}"))
    };
    let seconds = target.patience.first_byte.as_secs_f64();
    let (status, what) = match &failure {
        Failure::Down(pause) => {
            let mut down =
                problem(StatusCode::SERVICE_UNAVAILABLE, "is down; the request was not sent");
            down.retry_after = Some(pause.as_secs_f64().ceil() as u64);
            return Ended::Problem(down);
        }
        Failure::Unreachable(_) => {
            (StatusCode::BAD_GATEWAY, "cannot be reached; the request was not sent")
        }
        Failure::Unconnected => (
            StatusCode::GATEWAY_TIMEOUT,
            "did not take a connection in time; the request was not sent",
        ),
        Failure::Broken(_) => (
            StatusCode::BAD_GATEWAY,
            "closed the connection without an answer; a write may have been done",
        ),
        Failure::Garbage(_) => (
            StatusCode::BAD_GATEWAY,
            "answered with something that is not HTTP; a write may have been done",
        ),
        Failure::Late => (
            StatusCode::GATEWAY_TIMEOUT,
            &*format!("gave no answer within {seconds} s; a write may have been done"),
        ),
    };
    log::warn!("route {route}, service {service}, {}: {failure}", target.upstream.origin);
    Ended::Problem(problem(status, what))
}

/// The client's answer if its body did not come.
pub(super) fn unreceived(error: BodyError) -> Ended {
    Ended::Problem(match error {
        BodyError::Gone => return Ended::Gone,
        BodyError::TooLarge(limit) => too_large(limit),
        BodyError::Malformed(detail) => Problem::bad_request(detail),
        BodyError::TooSlow => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "the body of the request took too long")
        }
    })
}

pub(super) fn too_large(limit: u64) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}
