//! One copy of a read, from its first byte to the verdict.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Method;
use http1::{Framing, Malformed, ResponseHead, interim};
use jiff::Timestamp;
use shadow::{
    AskedRequest, Capture, Difference, DifferenceLog, DifferingPart, ServiceAnswer, Verdict,
};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::limits::{COPIES, COPY_TIME};
use crate::metrics::ShadowOutcome;
use crate::split::Mirror;
use crate::target::RouteTarget;
use crate::upstream::{Connection, Upstream, UpstreamError, Upstreams, WantedConnection};

/// A copy of a read.
#[derive(Debug)]
pub(crate) struct ShadowRequest {
    /// The route whose tags ask for it.
    pub(crate) route: Arc<RouteTarget>,
    /// The service that answers the client.
    pub(crate) destination: Arc<RouteTarget>,
    /// The service that gets the copy: the other side, or for a repeat the primary again.
    pub(crate) to: Arc<RouteTarget>,
    pub(crate) repeat: bool,
    /// The client's request.
    pub(crate) asked: AskedRequest,
    pub(crate) method: Method,
    /// The head that is sent; there is no body.
    pub(crate) request: Vec<u8>,
}

/// What copies share.
#[derive(Debug)]
pub(super) struct CopyContext {
    /// Others than those of requests, so that a copy never takes a connection or a trial from one.
    pub(super) upstreams: Upstreams,
    pub(super) differences: DifferenceLog,
}

impl ShadowRequest {
    /// Sends it, waits for both answers, compares and counts them.
    pub(super) async fn run(self, context: &CopyContext, answer: oneshot::Receiver<Capture>) {
        let Some(mirror) = self.route.split.as_ref().and_then(|split| split.mirror.as_ref()) else {
            return;
        };
        let answering = &self.to.service.upstream;
        let upstream = self.to.copies.get_or_init(|| {
            context.upstreams.get(answering.origin.clone(), answering.authority().cloned())
        });
        let copied = async { self.ask(upstream).await.map_err(Some) };
        let answered = async { answer.await.map_err(|_ended| None) };
        let both = async { tokio::try_join!(answered, copied) };
        let outcome = match timeout(COPY_TIME, both).await {
            Ok(Ok((answer, copy))) => self.judge(context, mirror, answer, copy),
            Ok(Err(Some(failure))) => self.unanswered(&failure),
            Ok(Err(None)) => ShadowOutcome::Abandoned,
            Err(_elapsed) => self.unanswered(&UpstreamError::Late),
        };
        self.route.counts.mirrored(outcome);
        mirror.ended(outcome);
        let canary = self.route.split.as_ref().and_then(|split| split.canary.as_ref());
        if let Some(canary) = canary {
            match outcome {
                ShadowOutcome::Matched | ShadowOutcome::Noise => canary.tally.compared(false),
                ShadowOutcome::Differed => canary.tally.compared(true),
                _ => {}
            }
        }
    }

    fn unanswered(&self, failure: &UpstreamError) -> ShadowOutcome {
        let (route, service) = (&self.route.route.id, &self.to.route.service);
        log::debug!("route {route}, a copy to the service {service}: {failure}");
        ShadowOutcome::Unanswered
    }

    fn judge(
        &self,
        context: &CopyContext,
        mirror: &Mirror,
        mut answer: Capture,
        mut copy: Capture,
    ) -> ShadowOutcome {
        if self.repeat {
            mirror.comparison.learn(&mut answer, &mut copy);
            return ShadowOutcome::Repeated;
        }
        match mirror.comparison.judge(&mut answer, &mut copy) {
            Verdict::Same => ShadowOutcome::Matched,
            Verdict::SameInPart => ShadowOutcome::MatchedInPart,
            Verdict::Undecoded => ShadowOutcome::NotDecoded,
            Verdict::Noise => ShadowOutcome::Noise,
            Verdict::Different(places) => {
                context.differences.keep(self.difference(&places, answer, copy));
                ShadowOutcome::Differed
            }
        }
    }

    fn difference(&self, places: &[DifferingPart], answer: Capture, copy: Capture) -> Difference {
        Difference {
            time: Timestamp::now(),
            route: self.route.route.id.clone(),
            method: self.method.to_string(),
            asked: self.asked.clone(),
            request: self.request.clone(),
            places: places.iter().map(ToString::to_string).collect(),
            answer: ServiceAnswer::new(&self.destination.route.service, answer),
            copy: ServiceAnswer::new(&self.to.route.service, copy),
        }
    }

    /// The answer to it. A pooled connection that had ended is made up for with a new one.
    async fn ask(&self, upstream: &Upstream) -> Result<Capture, UpstreamError> {
        let patience = self.to.patience;
        let leased = upstream.lease(0, WantedConnection::Any, patience.connect, COPIES).await?;
        match self.exchange(upstream, leased.connection).await {
            Err(UpstreamError::Broken(_)) if leased.reused => {
                let leased =
                    upstream.lease(0, WantedConnection::Fresh, patience.connect, COPIES).await?;
                self.exchange(upstream, leased.connection).await
            }
            answer => answer,
        }
    }

    async fn exchange(
        &self,
        upstream: &Upstream,
        mut connection: Connection,
    ) -> Result<Capture, UpstreamError> {
        let mut sent = 0;
        poll_fn(|context| self.poll_send(context, &mut connection, &mut sent)).await?;
        connection.allow(self.to.patience.first_byte);
        let most = self.to.limits.answer_header_bytes;
        let head = loop {
            let head = poll_fn(|context| connection.poll_head(context, most)).await?;
            if interim(&head).map_err(UpstreamError::Garbage)?.is_none() {
                break head;
            }
        };
        let answer =
            ResponseHead::parse_final(&head, &self.method, None).map_err(UpstreamError::Garbage)?;
        let mut capture = Capture::new(&answer, &head);
        let mut body = answer.body;
        loop {
            let arrived = connection.take(&mut body, |content| capture.push(content));
            arrived.map_err(UpstreamError::Garbage)?;
            if capture.cut {
                return Ok(capture);
            }
            if body.is_over() {
                break;
            }
            connection.allow(self.to.patience.idle);
            match poll_fn(|context| connection.poll_fill(context))
                .await
                .map_err(UpstreamError::Broken)?
            {
                0 if body == Framing::UntilClose => break,
                0 => return Err(UpstreamError::Garbage(Malformed("the connection ended"))),
                _ => {}
            }
        }
        if answer.keep_alive && connection.filled().is_empty() {
            connection.rest(answer.keep_alive_seconds);
            upstream.give_back(0, connection);
        }
        Ok(capture)
    }

    fn poll_send(
        &self,
        context: &mut Context<'_>,
        connection: &mut Connection,
        sent: &mut usize,
    ) -> Poll<Result<(), UpstreamError>> {
        while let Some(rest) = self.request.get(*sent..).filter(|rest| !rest.is_empty()) {
            *sent += ready!(connection.poll_write(context, rest)).map_err(UpstreamError::Broken)?;
        }
        connection.poll_flush(context).map_err(UpstreamError::Broken)
    }
}
