//! One request from its head to the end of its answer, in the order in which it happens.

mod outgoing;
mod record;
mod relay;
mod upload;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use http::{Method, StatusCode};

use crate::proxy::client::{Body, BodyError, Client};
use crate::proxy::framing::{Framing, Malformed};
use crate::proxy::head::{Answer, Field, Head, Kind};
use crate::proxy::path::{Path, Place};
use crate::proxy::problem::{MEDIA_TYPE, Problem};
use crate::proxy::site::Site;
use crate::proxy::target::Target;
use crate::proxy::upstream::{Connection, Failure};
use record::Record;
use upload::{Upload, UploadError};

/// Why the client gets no answer of a service.
enum Ended {
    /// The proxy answers: with its greeting, or with a problem.
    Greeting,
    Problem(Problem),
    /// The client went away, or the answer broke off: there is nobody to tell.
    Gone,
}

/// Answers one request. Whatever happens, it is logged and counted once.
pub(crate) async fn exchange<C: Client>(
    site: &Site,
    worker: usize,
    client: &mut C,
    head: &Head<'_>,
) {
    let mut record = Record::begin(site, head);
    match forward(site, worker, client, head, &mut record).await {
        Ok(()) => {}
        Err(Ended::Greeting) => {
            let body = b"Ready to receive requests";
            answer(client, &mut record, head, StatusCode::OK, &[TEXT], body).await;
        }
        Err(Ended::Problem(problem)) => refuse(client, &mut record, head, &problem).await,
        Err(Ended::Gone) => client.abort(),
    }
}

/// Answers a request of which not even the head could be read.
pub(crate) async fn refuse_unread<C: Client>(site: &Site, client: &mut C, problem: &Problem) {
    let head = Head::unread();
    let mut record = Record::begin(site, &head);
    refuse(client, &mut record, &head, problem).await;
}

/// The flow of a request that a service answers: route, owner, outgoing request, answer.
async fn forward<C: Client>(
    site: &Site,
    worker: usize,
    client: &mut C,
    head: &Head<'_>,
    record: &mut Record<'_>,
) -> Result<(), Ended> {
    let (route, path, matched) = route(site, head)?;
    record.route(&route);
    let owner = &route.upstream;
    let request = outgoing::request(site, client.peer(), head, &route, &path, matched, record);
    let mut upload = Upload::new(request, head.body);
    let mut fresh = false;
    let (mut connection, bytes) = loop {
        let leased = owner.lease(worker, fresh, route.patience.connect).await;
        let leased = leased.map_err(|failure| unanswered(&route, failure))?;
        if !leased.reused {
            route.counts.connects.inc();
        }
        let mut connection = leased.connection;
        connection.allow(route.patience.first_byte);
        match answer_head(client, &mut connection, &mut upload, &route, &head.method).await {
            Ok(bytes) => break (connection, bytes),
            Err(UploadError::Client(error)) => return Err(unreceived(error)),
            Err(UploadError::Service(failure)) => {
                if leased.reused && upload.rewind(&failure, &head.method) {
                    route.counts.retries.inc();
                    fresh = true;
                    continue;
                }
                owner.failed(&failure);
                return Err(unanswered(&route, failure));
            }
        }
    };
    let answer = Answer::parse(&bytes, &head.method).and_then(|answer| match answer.status {
        101 => Err(Malformed("the service switches protocols without being asked to")),
        _ => Ok(answer),
    });
    let answer = answer.map_err(|malformed| {
        let failure = Failure::Garbage(malformed);
        owner.failed(&failure);
        unanswered(&route, failure)
    })?;
    owner.answered();
    record.status = answer.status;
    connection.allow(route.patience.idle);
    relay::relay(client, &mut connection, &mut upload, &answer, &route, record).await?;
    if answer.keep_alive && upload.is_sent() && connection.filled().is_empty() {
        connection.rest(answer.keep_alive_seconds);
        owner.give_back(worker, connection);
    }
    Ok(())
}

/// The route of a request, the path behind the stage, and how much of it the route takes away.
fn route<'a>(site: &Site, head: &Head<'a>) -> Result<(Arc<Target>, Path<'a>, usize), Ended> {
    let refuse = |problem| Err(Ended::Problem(problem));
    if let Method::CONNECT | Method::TRACE = head.method {
        let allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        return refuse(Problem::method_not_allowed(allow, "this method is not forwarded"));
    }
    if head.upgrade().is_some_and(|protocol| !protocol.eq_ignore_ascii_case(b"h2c")) {
        let detail = "connections cannot be upgraded through the proxy";
        return refuse(Problem::new(StatusCode::NOT_IMPLEMENTED, detail));
    }
    let pseudonym = site.shared.pseudonym.as_bytes();
    let own = |via: &Field<'_>| memchr::memmem::find(via.value, pseudonym).is_some();
    if head.fields.iter().any(|field| field.kind == Kind::Via && own(field)) {
        let detail = "the request came from this proxy: a route leads back to it";
        return refuse(Problem::new(StatusCode::LOOP_DETECTED, detail));
    }
    if matches!(head.body, Framing::Length(length) if length > site.settings().upload_limit_bytes) {
        return refuse(too_large(site.settings().upload_limit_bytes));
    }
    let path = match Path::place(head.target, &site.stage) {
        Ok(Place::Application(path)) => path,
        Ok(Place::Root) if matches!(head.method, Method::GET | Method::HEAD) => {
            return Err(Ended::Greeting);
        }
        Ok(Place::Root) => {
            let detail = "the proxy itself answers here, and only reads";
            return refuse(Problem::method_not_allowed("GET, HEAD", detail));
        }
        Ok(Place::Outside) => {
            let detail = format!("there is nothing here; the application is under /{}", site.stage);
            return refuse(Problem::not_found(detail));
        }
        Err(problem) => return refuse(problem),
    };
    let table = site.table.load();
    match table.find(&head.method, &path) {
        Some(found) => Ok((Arc::clone(found.target), path, found.matched)),
        None => {
            let detail =
                "no route takes this request, and the application has no active default route";
            refuse(Problem::not_found(detail))
        }
    }
}

/// Sends the request and waits for the head of its answer; interim ones are left out.
async fn answer_head<C: Client>(
    client: &mut C,
    connection: &mut Connection,
    upload: &mut Upload,
    route: &Target,
    method: &Method,
) -> Result<Vec<u8>, UploadError> {
    loop {
        let bytes = poll_fn(|context| {
            match upload.poll(context, client, connection) {
                Poll::Ready(Err(UploadError::Client(error))) => {
                    return Poll::Ready(Err(UploadError::Client(error)));
                }
                // A service that stops reading may have answered before; that is seen below.
                Poll::Ready(Err(UploadError::Service(_)) | Ok(())) | Poll::Pending => {}
            }
            if upload.progressed() {
                connection.allow(route.patience.first_byte);
            }
            connection.poll_head(context).map_err(UploadError::Service)
        })
        .await?;
        let interim = Answer::parse(&bytes, method)
            .is_ok_and(|answer| matches!(answer.status, 100 | 102..=199));
        if !interim {
            return Ok(bytes);
        }
    }
}

/// What the client is told where the service gave no answer: the route, and never where the service is.
fn unanswered(target: &Target, failure: Failure) -> Ended {
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
        Failure::Broken(_) => (StatusCode::BAD_GATEWAY, "closed the connection without an answer"),
        Failure::Garbage(_) => {
            (StatusCode::BAD_GATEWAY, "answered with something that is not HTTP")
        }
        Failure::Late => {
            (StatusCode::GATEWAY_TIMEOUT, &*format!("gave no answer within {seconds} s"))
        }
    };
    log::warn!("route {route}, service {service}, {}: {failure}", target.upstream.origin);
    Ended::Problem(problem(status, what))
}

/// What the client is told where its body did not come.
fn unreceived(error: BodyError) -> Ended {
    Ended::Problem(match error {
        BodyError::Gone => return Ended::Gone,
        BodyError::TooLarge(limit) => too_large(limit),
        BodyError::Malformed(detail) => Problem::bad_request(detail),
        BodyError::TooSlow => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "the body of the request took too long")
        }
    })
}

fn too_large(limit: u64) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

const TEXT: Field<'_> =
    Field { kind: Kind::EndToEnd, name: "content-type", value: b"text/plain; charset=utf-8" };

async fn refuse<C: Client>(
    client: &mut C,
    record: &mut Record<'_>,
    head: &Head<'_>,
    problem: &Problem,
) {
    let retry_after = problem.retry_after.map(|seconds| seconds.to_string());
    let fields = [
        ("content-type", Some(MEDIA_TYPE)),
        ("retry-after", retry_after.as_deref()),
        ("allow", problem.allow),
    ];
    let fields: Vec<_> = fields
        .into_iter()
        .filter_map(|(name, value)| {
            Some(Field { kind: Kind::EndToEnd, name, value: value?.as_bytes() })
        })
        .collect();
    answer(client, record, head, problem.status(), &fields, &problem.document()).await;
}

/// The proxy's own answer.
async fn answer<C: Client>(
    client: &mut C,
    record: &mut Record<'_>,
    head: &Head<'_>,
    status: StatusCode,
    fields: &[Field<'_>],
    body: &[u8],
) {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&jiff::Timestamp::now())
        .unwrap_or_default();
    let date = Field { kind: Kind::Date, name: "date", value: date.as_bytes() };
    let id = record.id.clone();
    let id = Field { kind: Kind::RequestId, name: "x-request-id", value: id.as_bytes() };
    let fields: Vec<_> = fields.iter().copied().chain([date, id]).collect();
    record.status = status.as_u16();
    client.skip_body();
    let length = body.len() as u64;
    if head.method == Method::HEAD {
        client.begin(record.status, &fields, Body::None(Some(length)));
    } else {
        client.begin(record.status, &fields, Body::Length(length));
        client.push(body);
        record.bytes = length;
    }
    client.end();
    if poll_fn(|context| client.poll_flush(context)).await.is_err() {
        client.abort();
    }
}
