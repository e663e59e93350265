//! What a program does by itself for a collection that moves: it follows a source and takes over from it, follows
//! back a store that it handed over to, makes heartbeats for its followers, and retires for a primary of a later epoch.
//!
//! A program gives these tasks one [`CollectionStore`] for each of its collections, and runs them until it stops: [`keep`].
//! They share an [`OwnershipCache`], which the program's handlers ask and tell.

mod collection_store;
mod ownership_cache;
mod peers;

mod keep;
mod replicate;
mod replicator;

mod adopt;
mod advice;
mod copy;
mod halt;
mod heartbeat;
mod split_brain_check;
mod successor;

mod lag;
mod latency_monitor;
mod pace;
mod progress;

pub use self::adopt::{AdoptError, adopt};
pub use self::advice::explained;
pub use self::collection_store::CollectionStore;
pub use self::keep::keep;
pub use self::latency_monitor::LatencyMonitor;
pub use self::ownership_cache::{CollectionLocation, KnownOwnership, OwnershipCache};
pub use self::peers::Peers;
pub use self::progress::Progress;
pub use self::replicator::Replicator;
