//! A connection that became another protocol's (RFC 9110, 7.8): both sides say what they like, and the proxy carries it.
//!
//! Of a WebSocket (RFC 6455) the proxy knows where the frames of the service end, and nothing else. So it can tell the
//! client to go without breaking a frame. The client answers with a close frame of its own, which goes on to the
//! service, and the service closes the connection as it does with any client that leaves.
//!
//! A tunnel stays with the service that it reached, whatever becomes of the route.

mod frames;
mod pipe;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http1::Buffer;
use runtime::Place;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::deadline::Deadline;
use crate::limits::CLOSE_TIME;
use crate::metrics::{TunnelCounts, TunnelEnd};
use crate::site::{DrainSignal, Phase};
use crate::target::RouteTarget;
use crate::upstream::Stream;
use frames::Frames;
use pipe::{BrokenSide, Pipe};

/// A close frame that says that its sender goes away (RFC 6455, 5.5.1 and 7.4.1): 1001.
const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xe9];

/// A tunnel to a service that has agreed to it.
pub(crate) struct Tunnel {
    pub(crate) service: Stream,
    /// What the service has said so far.
    pub(crate) said: Buffer,
    pub(crate) websocket: bool,
    pub(crate) target: Arc<RouteTarget>,
    /// The request that asked for it.
    pub(crate) id: String,
    /// Its place among the tunnels that may be open.
    pub(crate) place: Place,
}

impl Tunnel {
    /// Carries what both sides say until both have said everything, one breaks, or both are silent for too long.
    /// `said`: what the client has said so far.
    pub(crate) async fn run(
        self,
        client: impl AsyncRead + AsyncWrite + Unpin,
        said: Buffer,
        mut drain: DrainSignal<'_>,
    ) {
        let idle = self.target.patience.tunnel_idle;
        let mut record = TunnelRecord::begin(self.target, self.id, self.place);
        let mut ends = Ends {
            client,
            service: self.service,
            up: Pipe::new(said, None),
            down: Pipe::new(self.said, self.websocket.then(Frames::default)),
            parting: Parting::NotYet,
            idle,
            until: Deadline::after(idle),
        };
        poll_fn(|context| {
            if drain.poll(context, Phase::Leaving).is_ready() && ends.can_part() {
                record.end(TunnelEnd::Stop);
                ends.part();
            }
            ends.poll(context, &mut record)
        })
        .await;
    }
}

/// Both ends of a tunnel, and what is on its way.
struct Ends<C> {
    client: C,
    service: Stream,
    up: Pipe,
    down: Pipe,
    parting: Parting,
    idle: Duration,
    /// When the tunnel ends unless something moves; or in any case, once it is told to.
    until: Deadline,
}

/// How far a WebSocket has come with the proxy's own close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    /// None is to be sent.
    NotYet,
    /// It is to be sent after the frame that is on its way.
    AfterFrame,
    /// So many bytes of it are sent.
    Saying(usize),
    /// It is sent; the service is not listened to any more.
    Said,
    /// None is sent, since the service said that it says no more.
    Unneeded,
}

impl<C: AsyncRead + AsyncWrite + Unpin> Ends<C> {
    /// Whether the client is still to be told to go: no other protocol has a word for it.
    fn can_part(&self) -> bool {
        self.parting == Parting::NotYet && self.down.frames.is_some()
    }

    /// Tells the client to go, and gives it the time for that.
    fn part(&mut self) {
        let closed = self.down.has_ended() || self.down.frames.is_some_and(Frames::is_closed);
        self.parting = if closed { Parting::Unneeded } else { Parting::AfterFrame };
        self.until.set(CLOSE_TIME);
    }

    fn poll(&mut self, context: &mut Context<'_>, record: &mut TunnelRecord) -> Poll<()> {
        loop {
            // The service first: it may have said something before it broke.
            let down = self.poll_down(context);
            if let Poll::Ready(Err(broken)) = down {
                record.broke(broken, false);
                return Poll::Ready(());
            }
            let up = self.up.poll(context, &mut self.client, &mut self.service);
            if let Poll::Ready(Err(broken)) = up {
                record.broke(broken, true);
                return Poll::Ready(());
            }
            let moved = record.carried(self.up.bytes, self.down.bytes);
            if up.is_ready() {
                record.end(TunnelEnd::Client);
            }
            if down.is_ready() {
                record.end(TunnelEnd::Service);
            }
            if up.is_ready() && down.is_ready() {
                return Poll::Ready(());
            }
            if down.is_ready() && self.can_part() {
                // A WebSocket is over with this, and its client may be gone.
                self.part();
            } else if moved && self.parting == Parting::NotYet {
                self.until.set(self.idle);
            }
            ready!(self.until.poll(context));
            record.end(TunnelEnd::Idle);
            if !self.can_part() {
                return Poll::Ready(());
            }
            self.part();
        }
    }

    fn poll_down(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BrokenSide>> {
        let (from, to) = (&mut self.service, &mut self.client);
        loop {
            match self.parting {
                Parting::NotYet | Parting::Unneeded => return self.down.poll(context, from, to),
                Parting::AfterFrame => {
                    ready!(self.down.poll_frame(context, from, to))?;
                    let closed = self.down.frames.is_some_and(Frames::is_closed);
                    let over = closed || self.down.has_ended();
                    self.parting = if over { Parting::Unneeded } else { Parting::Saying(0) };
                }
                Parting::Saying(sent) => match GOING_AWAY.get(sent..) {
                    None | Some([]) => {
                        ready!(Pin::new(&mut *to).poll_flush(context))
                            .map_err(|_| BrokenSide::To)?;
                        self.parting = Parting::Said;
                    }
                    Some(rest) => {
                        let written = ready!(Pin::new(&mut *to).poll_write(context, rest));
                        let count =
                            written.ok().filter(|count| *count > 0).ok_or(BrokenSide::To)?;
                        self.parting = Parting::Saying(sent + count);
                    }
                },
                Parting::Said => return self.down.poll_drop(context, from, to),
            }
        }
    }
}

/// What stays of a tunnel. However it ends, it is logged and counted when this is dropped.
struct TunnelRecord {
    target: Arc<RouteTarget>,
    id: String,
    start: Instant,
    /// How many bytes went to the service and to the client.
    up: u64,
    down: u64,
    end: Option<TunnelEnd>,
    _place: Place,
}

impl TunnelRecord {
    fn begin(target: Arc<RouteTarget>, id: String, place: Place) -> Self {
        if let Some(counts) = target.counts.tunnels() {
            counts.opened();
        }
        Self { target, id, start: Instant::now(), up: 0, down: 0, end: None, _place: place }
    }

    /// Notes how much went through so far; whether that is more than before.
    fn carried(&mut self, up: u64, down: u64) -> bool {
        let (more_up, more_down) = (up - self.up, down - self.down);
        (self.up, self.down) = (up, down);
        let moved = more_up + more_down > 0;
        if let Some(counts) = self.counts().filter(|_| moved) {
            counts.carried(more_up, more_down);
        }
        moved
    }

    /// Notes why it ends; the first reason counts.
    fn end(&mut self, end: TunnelEnd) {
        self.end.get_or_insert(end);
    }

    /// Notes that a side broke. `up`: what the client says was on its way.
    fn broke(&mut self, broken: BrokenSide, up: bool) {
        self.end(if up == (broken == BrokenSide::From) {
            TunnelEnd::Client
        } else {
            TunnelEnd::Service
        });
    }

    fn counts(&self) -> Option<&TunnelCounts> {
        self.target.counts.tunnels()
    }
}

impl Drop for TunnelRecord {
    fn drop(&mut self) {
        // Only the end of its listener breaks a tunnel off.
        let end = self.end.unwrap_or(TunnelEnd::Stop);
        if let Some(counts) = self.counts() {
            counts.ended(end);
        }
        let (route, id, seconds) =
            (&self.target.route.id, &self.id, self.start.elapsed().as_secs());
        let (up, down, end) = (self.up, self.down, end.name());
        log::info!(
            "route {route}: the tunnel of request {id} ended after {seconds} s ({end}); {up} bytes up, {down} down"
        );
    }
}
