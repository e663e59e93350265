//! What stays of a request: its line in the log, its place in the metrics.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use http1::{FieldKind, RequestHead, Status};
use runtime::{REQUEST, request_id};
use shadow::Sample;
use tokio::time::Instant;

use crate::metrics::Counts;
use crate::site::Site;
use crate::split::is_read;
use crate::target::RouteTarget;

/// The status of a request whose client did not wait for its answer, in logs alone (as nginx has it).
const CLIENT_CLOSED: Status = 499;

/// A request that is under way. However it ends, it is logged and counted when this is dropped.
pub(super) struct RequestRecord<'a> {
    /// Its `X-Request-Id`.
    pub(super) id: Cow<'a, str>,
    /// The status that the client gets.
    pub(super) status: Status,
    /// How many bytes of the answer's body were sent.
    pub(super) bytes: u64,
    /// Keeps the answer of a request that is mirrored.
    pub(super) sample: Option<Sample>,
    /// The address of the client.
    client: IpAddr,
    method: &'a str,
    target: &'a str,
    pub(super) start: Instant,
    route: Option<Arc<RouteTarget>>,
    /// The route of its path, also if another service is asked.
    matched: Option<Arc<RouteTarget>>,
    is_read: bool,
    unrouted: &'a Counts,
}

impl<'a> RequestRecord<'a> {
    pub(super) fn begin(site: &'a Site, client: IpAddr, head: &'a RequestHead<'_>) -> Self {
        Self {
            id: request_id(head.first(FieldKind::RequestId)),
            status: CLIENT_CLOSED,
            bytes: 0,
            sample: None,
            client,
            method: head.method.as_str(),
            target: head.target,
            start: Instant::now(),
            route: None,
            matched: None,
            is_read: is_read(&head.method),
            unrouted: &site.unrouted,
        }
    }

    /// Notes the route of its path.
    pub(super) fn matched(&mut self, target: &Arc<RouteTarget>) {
        self.matched = Some(Arc::clone(target));
    }

    /// Notes the route whose service is asked; in the end the one that answered counts.
    pub(super) fn route(&mut self, target: &Arc<RouteTarget>) {
        target.counts.in_flight.inc();
        if let Some(before) = self.route.replace(Arc::clone(target)) {
            before.counts.in_flight.dec();
        }
    }
}

impl Drop for RequestRecord<'_> {
    fn drop(&mut self) {
        let elapsed = self.start.elapsed();
        let route = match &self.route {
            Some(target) => {
                if let Some(matched) = &self.matched {
                    let own = matched.service.shares_upstream(&target.service);
                    matched.counts.matched.answered(own, self.is_read);
                }
                target.counts.in_flight.dec();
                target.counts.answered(self.status, elapsed.as_secs_f64());
                &target.route.id
            }
            None => {
                self.unrouted.answered(self.status, elapsed.as_secs_f64());
                "none"
            }
        };
        // Exact up to 2^53 µs: 285 years.
        let ms = elapsed.as_micros() as f64 / 1_000.0;
        let path = self.target.split_once('?').map_or(self.target, |(path, _)| path);
        log::info!(
            target: REQUEST,
            method = self.method, path = path, status = self.status, ms = ms, bytes = self.bytes,
            client:% = self.client, id = &*self.id, route = route;
            "answered"
        );
    }
}
