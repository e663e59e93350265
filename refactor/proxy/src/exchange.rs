//! One request from its head to the end of its answer, in the order in which it happens.

mod destination;
mod route;

mod begin;
mod canary;
mod candidates;
mod chase;
mod freshness;
mod identity;
mod judge;
mod learn;
mod search;

mod ask;
mod forwarded;
mod mirror;
mod outgoing;
mod upload;

mod discard;
mod relay;
mod stall;
mod upgrade;

mod ended;
mod problems;
mod record;
mod reply;

use std::sync::Arc;

use http1::{Malformed, RequestHead, ResponseHead};
use public_urls::{Downstream, PublicUrls, public_fields};

use crate::client_exchange::ClientExchange;
use crate::problem::Problem;
use crate::site::Site;
use crate::tunnel::Tunnel;
use crate::upstream::UpstreamError;
use chase::Chase;
use ended::Ended;
use problems::unreceived;
use record::RequestRecord;
use relay::Relay;
use upload::{Upload, UploadError};

/// Answers one request. Whatever happens, it is logged and counted once. If the service goes on with another protocol,
/// the connection is that tunnel's from now on.
pub(crate) async fn exchange<C: ClientExchange>(
    site: &Site,
    worker: usize,
    client: &mut C,
    head: &RequestHead<'_>,
) -> Option<Tunnel> {
    let trusted = &site.settings().trusted_proxies;
    let downstream = Downstream::of(trusted, client.peer(), site.asked(), head);
    let mut record = RequestRecord::begin(site, downstream.client, head);
    match forward(site, worker, client, head, &downstream, &mut record).await {
        Ok(tunnel) => return tunnel,
        Err(Ended::Greeting) => reply::greet(client, &mut record, head).await,
        Err(Ended::Problem(problem)) => reply::refuse(client, &mut record, head, &problem).await,
        Err(Ended::Gone) => client.abort(),
    }
    None
}

/// Answers a request of which not even the head could be read.
pub(crate) async fn refuse_unread<C: ClientExchange>(
    site: &Site,
    client: &mut C,
    problem: &Problem,
) {
    let head = RequestHead::unread();
    let mut record = RequestRecord::begin(site, client.peer(), &head);
    reply::refuse(client, &mut record, &head, problem).await;
}

/// The flow of a request that a service answers: route, primary, outgoing request, answer. If the service that
/// answers is not the primary, the flow goes on with the next candidate.
async fn forward<C: ClientExchange>(
    site: &Site,
    worker: usize,
    client: &mut C,
    head: &RequestHead<'_>,
    downstream: &Downstream<'_>,
    record: &mut RequestRecord<'_>,
) -> Result<Option<Tunnel>, Ended> {
    let (destination, path) = route::route(site, downstream, head)?;
    record.matched(&destination.matched);
    client.limit_body(destination.side.target.limits.upload_bytes);
    upgrade::look(site, head, downstream.client)?;
    record.sample = mirror::mirror(site, downstream, head, &path, &destination, record);
    let mut chase = Chase::begin(site, downstream, head, &path, destination, record.start);
    let write = |client: &C, chase: &Chase<'_>, record: &RequestRecord<'_>| {
        let (side, position) = (chase.side(), chase.position());
        let mut out = outgoing::request(site, downstream, head, side, &path, position, record);
        if client.waits_to_go_on() {
            outgoing::add(&mut out, "expect", b"100-continue");
        }
        out
    };
    let mut upload = Upload::new(write(client, &chase, record), head.body, chase.kept());
    loop {
        let route = Arc::clone(&chase.side().target);
        record.route(&route);
        let matched = chase.side().matched;
        let own = (&route.service.upstream.origin, &*route.service.base);
        let urls = || PublicUrls::new(&site.stage, path.raw, matched, own, downstream);
        let hint = |client: &mut C, hint: ResponseHead<'_>| {
            let public = public_fields(&hint.fields, urls);
            let mut hint = hint;
            for (place, value) in &public {
                hint.set(*place, value.as_bytes());
            }
            client.hint(hint.status, &hint.fields);
        };
        let asked = ask::ask(client, &mut upload, &route, head, downstream.client, worker, hint);
        let next = match asked.await {
            Ok((connection, bytes)) => match answer_to(head, &bytes) {
                Ok(mut answer) => {
                    let switches = answer.status == upgrade::SWITCHING;
                    let next = if switches { None } else { chase.judge(&answer)? };
                    let Some(next) = next else {
                        chase.end(&answer);
                        chase.answered(answer.status, record.start);
                        if let Some(sample) = &mut record.sample {
                            sample.begin(&answer, &bytes);
                        }
                        let public = public_fields(&answer.fields, urls);
                        for (place, value) in &public {
                            answer.set(*place, value.as_bytes());
                        }
                        if switches {
                            let address = downstream.client;
                            let open = upgrade::open(
                                client, connection, &route, &answer, record, address, site,
                            );
                            return open.await.map(Some);
                        }
                        record.status = answer.status;
                        let relay = Relay::new(site, worker, &route, &answer, connection, upload);
                        relay.run(client, record).await?;
                        if let Some(sample) = record.sample.take() {
                            sample.end();
                        }
                        return Ok(None);
                    };
                    if upload.is_sent() {
                        discard::discard(worker, &route, connection, &answer).await;
                    }
                    next
                }
                Err(what) => chase.past_failure(UpstreamError::Garbage(what))?,
            },
            Err(UploadError::Client(error)) => return Err(unreceived(error)),
            Err(UploadError::Service(failure)) => chase.past_failure(failure)?,
        };
        if !upload.is_whole() {
            return Err(chase.sent_once());
        }
        // The service that answers in the end may be the one that got the copy.
        record.sample = None;
        chase.go_on(client, next).await?;
        upload.restart(&write(client, &chase, record));
    }
}

/// The answer that ends the exchange, or begins a tunnel that the request asks for.
fn answer_to<'a>(head: &RequestHead<'_>, bytes: &'a [u8]) -> Result<ResponseHead<'a>, Malformed> {
    ResponseHead::parse_final(bytes, &head.method, head.upgrade)
}
