//! One request from its head to the end of its answer, in the order in which it happens.

mod owner;
mod route;

mod ask;
mod mirror;
mod outgoing;
mod upload;

mod relay;

mod problems;
mod record;
mod reply;

use crate::proxy::client::Client;
use crate::proxy::framing::Malformed;
use crate::proxy::head::{Answer, Head};
use crate::proxy::problem::Problem;
use crate::proxy::site::Site;
use crate::proxy::upstream::Failure;
use problems::unanswered;
use record::Record;
use upload::Upload;

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
        Err(Ended::Greeting) => reply::greet(client, &mut record, head).await,
        Err(Ended::Problem(problem)) => reply::refuse(client, &mut record, head, &problem).await,
        Err(Ended::Gone) => client.abort(),
    }
}

/// Answers a request of which not even the head could be read.
pub(crate) async fn refuse_unread<C: Client>(site: &Site, client: &mut C, problem: &Problem) {
    let head = Head::unread();
    let mut record = Record::begin(site, &head);
    reply::refuse(client, &mut record, &head, problem).await;
}

/// The flow of a request that a service answers: route, owner, outgoing request, answer.
async fn forward<C: Client>(
    site: &Site,
    worker: usize,
    client: &mut C,
    head: &Head<'_>,
    record: &mut Record<'_>,
) -> Result<(), Ended> {
    let (owner, path) = route::route(site, head)?;
    let route = &owner.side.target;
    record.route(route);
    let request = outgoing::request(site, client.peer(), head, &owner.side, &path, record);
    record.sample = mirror::mirror(site, client.peer(), head, &path, &owner, record);
    let mut upload = Upload::new(request, head.body);
    let (mut connection, bytes) =
        ask::ask(client, &mut upload, route, &head.method, worker).await?;
    let answer = Answer::parse(&bytes, &head.method).and_then(|answer| match answer.status {
        101 => Err(Malformed("the service switches protocols without being asked to")),
        _ => Ok(answer),
    });
    let answer = answer.map_err(|what| unanswered(route, Failure::Garbage(what)))?;
    record.status = answer.status;
    if let Some(sample) = &mut record.sample {
        sample.begin(&answer, &bytes);
    }
    connection.allow(route.patience.idle);
    relay::relay(client, &mut connection, &mut upload, &answer, route, record).await?;
    if let Some(sample) = record.sample.take() {
        sample.end();
    }
    if answer.keep_alive && upload.is_sent() && connection.filled().is_empty() {
        connection.rest(answer.keep_alive_seconds);
        route.upstream.give_back(worker, connection);
    }
    Ok(())
}
