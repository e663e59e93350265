//! Moving a collection from one program to another: what a program answers under `/-/`, and what it does
//! by itself as a follower, as a source, and as a store that gave its collection away.

mod ownership_cache;
mod replicate;
mod replicator;
mod shared;

mod endpoints;

mod adopt;
mod advice;
mod copy;
mod halt;
mod heartbeat;
mod spawn_blocking;
mod split_brain_check;
mod successor;

mod lag;
mod latency_monitor;
mod metrics;
mod pace;
mod progress;

pub(crate) use self::endpoints::mount;
pub(crate) use self::heartbeat::beat;
pub(crate) use self::latency_monitor::LatencyMonitor;
pub(crate) use self::metrics::OwnershipMetrics;
pub(crate) use self::ownership_cache::{CollectionLocation, Found, OwnershipCache};
pub(crate) use self::replicator::Replicator;
pub(crate) use self::shared::Moving;
pub(crate) use self::split_brain_check::SplitBrainCheck;
