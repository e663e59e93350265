//! What the metrics say of the ownership of each collection, made when they are asked for.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Moving;
use crate::follower::OwnershipCache;
use crate::{FollowerState, Following, Role};

/// Reads what there is to say of the collections of a program.
#[derive(Debug)]
pub struct OwnershipMetrics {
    ownership_caches: Vec<Arc<OwnershipCache>>,
}

impl OwnershipMetrics {
    /// Of all collections of the program.
    pub fn new(moving: &Moving) -> Self {
        Self { ownership_caches: moving.ownership_caches.clone() }
    }

    /// The collections that follow now.
    fn following(&self) -> Vec<(&str, Following)> {
        let ownership_caches = self.ownership_caches.iter();
        let following = ownership_caches.filter_map(|ownership_cache| {
            Some((ownership_cache.name(), ownership_cache.progress.following()?))
        });
        following.collect()
    }
}

/// Labels and their values.
type Labels<'a> = Vec<(&'static str, &'a str)>;

fn of(collection: &str) -> Labels<'_> {
    vec![("collection", collection)]
}

/// One sample for each choice: 1 for the present one, 0 for the others.
fn choice<'a, T: PartialEq + Copy>(
    collection: &'a str,
    label: &'static str,
    present: T,
    choices: &[T],
    name: fn(T) -> &'static str,
) -> Vec<(Labels<'a>, u64)> {
    let sample = |choice: &T| {
        let labels = vec![("collection", collection), (label, name(*choice))];
        (labels, u64::from(*choice == present))
    };
    choices.iter().map(sample).collect()
}

/// Writes one gauge.
fn gauge<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    about: &str,
    samples: impl IntoIterator<Item = (Labels<'a>, u64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, about, None, MetricType::Gauge)?;
    for (labels, value) in samples {
        let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        value.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

impl Collector for OwnershipMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let ownership_caches = self.ownership_caches.iter();
        let known: Vec<_> = ownership_caches
            .map(|ownership_cache| (ownership_cache.name(), ownership_cache.known()))
            .collect();
        let about = "The number of the ownership that the store has or knows of";
        let epochs = known.iter().map(|(collection, known)| (of(collection), known.epoch));
        gauge(encoder, "banyan_epoch", about, epochs)?;
        let roles = known.iter().flat_map(|(collection, known)| {
            let all = [Role::Primary, Role::Follower, Role::Retired];
            choice(collection, "role", known.role, &all, Role::name)
        });
        gauge(encoder, "banyan_role", "1 for what the store is to its collection", roles)?;

        let following = self.following();
        let states = following.iter().flat_map(|(collection, following)| {
            choice(collection, "state", following.state, &FollowerState::ALL, FollowerState::name)
        });
        gauge(encoder, "banyan_follow_state", "1 for what the follower is doing", states)?;
        let about = "How old the oldest change is that is missing; none if that is unknown";
        let lag = following.iter();
        let lag =
            lag.filter_map(|(collection, following)| Some((of(collection), following.lag_ms?)));
        gauge(encoder, "banyan_follow_lag_ms", about, lag)?;
        let now = Instant::now();
        let copies = self
            .ownership_caches
            .iter()
            .filter(|ownership_cache| ownership_cache.known().role == Role::Follower);
        let copies: Vec<_> = copies
            .map(|ownership_cache| (ownership_cache.name(), &ownership_cache.progress))
            .collect();
        let about = "How old at most what the copy answers is; none if that is unknown";
        let age = copies.iter().filter_map(|(collection, progress)| {
            let age = progress.age(now)?.as_millis();
            Some((of(collection), u64::try_from(age).unwrap_or(u64::MAX)))
        });
        gauge(encoder, "banyan_follow_age_ms", about, age)?;
        let about = "1 for a copy that answers reads, 0 for one that is too old or does not know how old it is";
        let serves = copies.iter();
        let serves = serves
            .map(|(collection, progress)| (of(collection), u64::from(!progress.is_stale(now))));
        gauge(encoder, "banyan_follow_answers_reads", about, serves)?;
        let about = "How many places of the source's feed are missing; none if that is unknown";
        let lag = following.iter();
        let lag = lag
            .filter_map(|(collection, following)| Some((of(collection), following.lag_changes?)));
        gauge(encoder, "banyan_follow_lag_changes", about, lag)?;
        let about = "Rows that were applied";
        let mut rows =
            encoder.encode_descriptor("banyan_follow_rows", about, None, MetricType::Counter)?;
        for (collection, following) in &following {
            ConstCounter::new(following.rows).encode(rows.encode_family(&of(collection))?)?;
        }
        Ok(())
    }
}
