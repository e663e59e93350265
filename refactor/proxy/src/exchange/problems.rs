//! The answers to the client if no service answers.

use std::time::Duration;

use http::StatusCode;
use http1::Malformed;

use super::ended::Ended;
use crate::client_exchange::BodyError;
use crate::limits::{BODY_PAUSE, BODY_RATE, BODY_TIME, BUSY_RETRY_SECONDS, CHASE_RETRY_SECONDS};
use crate::problem::Problem;
use crate::target::RouteTarget;
use crate::upstream::UpstreamError;

/// The client's answer if the service gave none: it names the route, never the address of the service.
pub(super) fn unanswered(target: &RouteTarget, failure: UpstreamError) -> Ended {
    let (route, service) = (&target.route.id, &target.route.service);
    let problem = |status, what: &str| {
        Problem::new(status, format!("route {route}: the service {service} {what}"))
    };
    let ms = |time: Duration| time.as_millis();
    let (status, what) = match &failure {
        UpstreamError::Down(pause) => {
            let mut down =
                problem(StatusCode::SERVICE_UNAVAILABLE, "is down; the request was not sent");
            down.retry_after = Some(pause.as_secs_f64().ceil() as u64);
            return Ended::Problem(down);
        }
        UpstreamError::Busy(most) => {
            let what = format!(
                "has {most} requests under way, which is the most it gets (UPSTREAM_CONNECTIONS, banyan:connections), \
                 or this client its share of them; the request was not sent"
            );
            log::debug!("route {route}, service {service}: {what}");
            let mut busy = problem(StatusCode::SERVICE_UNAVAILABLE, &what);
            busy.retry_after = Some(BUSY_RETRY_SECONDS);
            return Ended::Problem(busy);
        }
        UpstreamError::Unreachable(_) => {
            (StatusCode::BAD_GATEWAY, "cannot be reached; the request was not sent")
        }
        UpstreamError::Untrusted(..) => (
            StatusCode::BAD_GATEWAY,
            "has a certificate that is not accepted; the request was not sent",
        ),
        UpstreamError::Unconnected => (
            StatusCode::GATEWAY_TIMEOUT,
            &*format!(
                "did not take a connection within {} ms (CONNECT_MS, banyan:connect-ms); the request was not sent",
                ms(target.patience.connect)
            ),
        ),
        UpstreamError::Broken(_) => (
            StatusCode::BAD_GATEWAY,
            "closed the connection without an answer; a write may have been done",
        ),
        UpstreamError::Garbage(Malformed(what)) => (
            StatusCode::BAD_GATEWAY,
            &*format!(
                "answered with something that is not taken for HTTP ({what}); a write may have been done"
            ),
        ),
        UpstreamError::LargeHead(most) => (
            StatusCode::BAD_GATEWAY,
            &*format!(
                "answered with more than {most} bytes of header fields (ANSWER_HEADER_BYTES, \
                 banyan:answer-header-bytes); a write may have been done"
            ),
        ),
        UpstreamError::Late => (
            StatusCode::GATEWAY_TIMEOUT,
            &*format!(
                "gave no answer within {} ms (FIRST_BYTE_MS, banyan:first-byte-ms); a write may have been done",
                ms(target.patience.first_byte)
            ),
        ),
    };
    log::warn!("route {route}, service {service}, {}: {failure}", target.service.upstream.origin);
    Ended::Problem(problem(status, what))
}

/// The client's answer if its body did not come.
pub(super) fn unreceived(error: BodyError) -> Ended {
    Ended::Problem(match error {
        BodyError::Gone => return Ended::Gone,
        BodyError::TooLarge(limit) => too_large(limit),
        BodyError::Malformed(detail) => Problem::bad_request(detail),
        BodyError::TooSlow => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "the body of the request paused for {} s, or had less than {BODY_RATE} bytes a second for {} s; no \
                 setting changes these limits",
                BODY_PAUSE.as_secs(),
                BODY_TIME.as_secs()
            ),
        ),
    })
}

pub(super) fn too_large(limit: u64) -> Problem {
    let detail =
        format!("the body is larger than {limit} bytes (UPLOAD_BYTES, banyan:upload-bytes)");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// The client's answer if no service could be found that may answer. Nothing was stored.
pub(super) fn no_primary(target: &RouteTarget, what: &str) -> Ended {
    let detail = format!("route {}: {what}", target.route.id);
    log::warn!("{detail}");
    let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    problem.retry_after = Some(CHASE_RETRY_SECONDS);
    Ended::Problem(problem)
}

/// The client's answer to a write that a service took which is no longer the primary.
pub(super) fn perhaps_lost(target: &RouteTarget) -> Ended {
    let (route, service) = (&target.route.id, &target.route.service);
    let detail = format!(
        "route {route}: the service {service} answered this, and is no longer the primary: the epoch in which it \
         answered is over. If it stored anything, that is lost; look what is there, and send the request again"
    );
    log::warn!("{detail}");
    Ended::Problem(Problem::new(StatusCode::BAD_GATEWAY, detail))
}
