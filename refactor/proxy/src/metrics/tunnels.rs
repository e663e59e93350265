//! What is counted of tunnels.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::labels::RouteLabels;

/// Why a tunnel ended: what was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TunnelEnd {
    /// The client closed its side, or broke off.
    Client,
    /// The service did.
    Service,
    /// Both were silent for too long.
    Idle,
    /// The listener closed.
    Stop,
}

impl TunnelEnd {
    const ALL: [Self; 4] = [Self::Client, Self::Service, Self::Idle, Self::Stop];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Service => "service",
            Self::Idle => "idle",
            Self::Stop => "stop",
        }
    }
}

/// The tunnels of all routes.
#[derive(Clone, Debug, Default)]
pub(super) struct TunnelFamilies {
    open: Family<RouteLabels, Gauge>,
    opened: Family<RouteLabels, Counter>,
    bytes: Family<DirectionLabels, Counter>,
    ended: Family<EndLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DirectionLabels {
    #[prometheus(flatten)]
    route: RouteLabels,
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    #[prometheus(flatten)]
    route: RouteLabels,
    why: &'static str,
}

/// The tunnels of one route.
pub(crate) struct TunnelCounts {
    open: Gauge,
    opened: Counter,
    up: Counter,
    down: Counter,
    ended: [Counter; 4],
}

impl TunnelFamilies {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let Self { open, opened, bytes, ended } = all.clone();
        registry.register("tunnels", "Open tunnels: WebSockets and other upgrades", open);
        registry.register("tunnels_opened", "Tunnels that were opened", opened);
        registry.register("tunnel_bytes", "Bytes that went through tunnels", bytes);
        registry.register("tunnels_ended", "Tunnels that ended, by what was first", ended);
        all
    }

    pub(super) fn counts(&self, labels: &RouteLabels) -> TunnelCounts {
        let bytes = |direction| self.bytes.get_or_create_owned(&direction_of(labels, direction));
        TunnelCounts {
            open: self.open.get_or_create_owned(labels),
            opened: self.opened.get_or_create_owned(labels),
            up: bytes("up"),
            down: bytes("down"),
            ended: TunnelEnd::ALL.map(|end| self.ended.get_or_create_owned(&end_of(labels, end))),
        }
    }

    pub(super) fn remove(&self, labels: &RouteLabels) {
        self.open.remove(labels);
        self.opened.remove(labels);
        for direction in ["up", "down"] {
            self.bytes.remove(&direction_of(labels, direction));
        }
        for end in TunnelEnd::ALL {
            self.ended.remove(&end_of(labels, end));
        }
    }
}

impl TunnelCounts {
    pub(crate) fn opened(&self) {
        self.opened.inc();
        self.open.inc();
    }

    pub(crate) fn carried(&self, up: u64, down: u64) {
        self.up.inc_by(up);
        self.down.inc_by(down);
    }

    pub(crate) fn ended(&self, end: TunnelEnd) {
        self.open.dec();
        if let Some(counter) = self.ended.get(end as usize) {
            counter.inc();
        }
    }
}

fn direction_of(route: &RouteLabels, direction: &'static str) -> DirectionLabels {
    DirectionLabels { route: route.clone(), direction }
}

fn end_of(route: &RouteLabels, end: TunnelEnd) -> EndLabels {
    EndLabels { route: route.clone(), why: end.name() }
}
