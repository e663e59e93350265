//! What the moves tell Prometheus: enough to alert on each thing that needs a person.
//!
//! Most of it is what both stores say at the time of the scrape; only the pauses are counted from the start of the
//! program on.

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use replication::Role;

use super::record::{MoveRecord, Outcome};
use super::view::{Move, Side};

/// Upper bounds of the buckets of a pause, in seconds.
const PAUSES: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type Seconds = Gauge<f64, AtomicU64>;

/// What names a move, and one thing more about it, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Labels {
    application: String,
    collection: String,
    more: Option<(&'static str, String)>,
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        let own = [("application", &self.application), ("collection", &self.collection)];
        let more = self.more.as_ref().map(|(name, value)| (*name, value));
        own.into_iter().chain(more).try_for_each(|pair| pair.encode(encoder.encode_label()))
    }
}

/// For how long writes waited in each switch and reverse since the program started.
#[derive(Clone)]
pub(super) struct Pauses(Family<Labels, Histogram, fn() -> Histogram>);

impl Pauses {
    pub(super) fn new() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(PAUSES)))
    }

    /// Notes how a command ended.
    pub(super) fn note(&self, record: &MoveRecord, outcome: &Outcome) {
        let Some(pause_ms) = outcome.pause_ms else { return };
        let labels = Labels {
            application: record.application.clone(),
            collection: record.collection.clone(),
            more: Some(("verb", outcome.verb.word().to_owned())),
        };
        self.0.get_or_create(&labels).observe(seconds(pause_ms as f64));
    }
}

#[derive(Default)]
struct Gauges {
    phase: Family<Labels, Gauge>,
    primaries: Family<Labels, Gauge>,
    epoch: Family<Labels, Gauge>,
    reachable: Family<Labels, Gauge>,
    lag: Family<Labels, Seconds>,
    fenced: Family<Labels, Gauge>,
    feed_held: Family<Labels, Seconds>,
    pending: Family<Labels, Seconds>,
    last_command: Family<Labels, Seconds>,
    last_command_failed: Family<Labels, Gauge>,
    diff_age: Family<Labels, Seconds>,
    diff_rows: Family<Labels, Gauge>,
}

/// The moves in the text format of OpenMetrics, without the line that ends it.
///
/// # Errors
/// If one cannot be written.
pub(super) fn text(moves: &[Move], pauses: &Pauses) -> Result<String, fmt::Error> {
    let gauges = Gauges::default();
    moves.iter().for_each(|found| gauges.set(found));
    let mut registry = Registry::with_prefix("banyan_move");
    gauges.register(&mut registry);
    let what = "How long writes waited during a switch or a reverse";
    registry.register_with_unit("pause", what, Unit::Seconds, pauses.0.clone());
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

impl Gauges {
    fn set(&self, found: &Move) {
        let labels = |more| Labels {
            application: found.application.clone(),
            collection: found.collection.clone(),
            more,
        };
        let set = |family: &Family<Labels, Gauge>, more, value: u64| {
            family.get_or_create(&labels(more)).set(value.cast_signed());
        };
        let set_seconds = |family: &Family<Labels, Seconds>, more, value: f64| {
            family.get_or_create(&labels(more)).set(value);
        };
        set(&self.phase, Some(("phase", found.phase.clone())), 1);
        let sides = [("source", &found.source), ("target", &found.target)];
        let is_primary = |side: &Side| side.ownership.as_ref().is_some_and(|it| it.is_primary());
        let primaries = sides.iter().filter(|(_, side)| is_primary(side)).count();
        set(&self.primaries, None, primaries as u64);
        for (name, side) in sides {
            let side_label = || Some(("side", name.to_owned()));
            set(&self.reachable, side_label(), side.ownership.is_some().into());
            let Some(standing) = &side.ownership else { continue };
            set(&self.epoch, side_label(), standing.epoch);
            set(&self.fenced, side_label(), standing.fence.is_some().into());
            let held = standing.blocked_by.as_ref().map_or(0, |transaction| transaction.seconds);
            set_seconds(&self.feed_held, side_label(), held as f64);
            if standing.role == Role::Follower {
                let lag_ms = standing.following.as_ref().and_then(|following| following.lag_ms);
                let lag = lag_ms.map_or(f64::INFINITY, |lag_ms| seconds(lag_ms as f64));
                set_seconds(&self.lag, Some(("follower", side.url.clone())), lag);
            }
        }
        let pending = found.pending.as_ref();
        set_seconds(&self.pending, None, pending.map_or(0.0, |it| seconds(it.age_ms as f64)));
        if let Some(last) = &found.last {
            let verb = || Some(("verb", last.verb.clone()));
            set_seconds(&self.last_command, verb(), seconds(last.at_ms as f64));
            set(&self.last_command_failed, verb(), (!last.done).into());
        }
        if let Some(age_ms) = found.diff.age_ms {
            set_seconds(&self.diff_age, None, seconds(age_ms as f64));
            set(&self.diff_rows, None, found.diff.count);
        }
    }

    fn register(self, registry: &mut Registry) {
        let Self { phase, primaries, epoch, reachable, lag, fenced, feed_held, pending, .. } = self;
        let Self { last_command, last_command_failed, diff_age, diff_rows, .. } = self;
        registry.register("phase", "1 for the phase that the move is in", phase);
        let what = "How many of its two stores say that they are primary; 2 is a fault, and 0 is one if it stays";
        registry.register("primaries", what, primaries);
        registry.register("epoch", "The epoch of each store that answers", epoch);
        registry.register("reachable", "Whether the store answers", reachable);
        let what = "How old the follower's newest knowledge is; +Inf if that is not known";
        registry.register_with_unit("lag", what, Unit::Seconds, lag);
        let what = "Whether the store refuses writes for a switch or a reverse";
        registry.register("fenced", what, fenced);
        let what =
            "For how long the transaction is open that holds the store's feed back; 0 if none does";
        registry.register_with_unit("feed_held", what, Unit::Seconds, feed_held);
        let what = "For how long a switch or a reverse has been under way; 0 if none is";
        registry.register_with_unit("pending", what, Unit::Seconds, pending);
        let what = "When the last command ended, in seconds since 1970";
        registry.register_with_unit("last_command_timestamp", what, Unit::Seconds, last_command);
        let what = "Whether the last command failed";
        registry.register("last_command_failed", what, last_command_failed);
        let what = "How long ago the last diff came to its end";
        registry.register_with_unit("diff_age", what, Unit::Seconds, diff_age);
        registry.register("diff_rows", "How many rows the last diff found to differ", diff_rows);
    }
}

fn seconds(ms: f64) -> f64 {
    ms / 1_000.0
}
