//! What a program answers, once for every store and for whatever serves HTTP. To other programs under `/-/`: it finds the
//! [`Call`] of a request, checks its token, reads its body, and gives what [`Answering::answer`] says. To its clients: it
//! asks first whether the store [may be written](may_write) or [read](may_read).

mod access;
mod call;
mod refusal;
mod served_store;

mod moving;
mod refused;

mod answered_collection;
mod answering;

mod changes;
mod compare;
mod document;
mod steps;

mod in_background;
mod query;
mod waiter;

mod metrics;

pub use self::access::{Denied, is_primary, may_read, may_write, still_serves};
pub use self::answered_collection::Answering;
pub use self::call::{Call, is_proxied};
pub use self::metrics::OwnershipMetrics;
pub use self::moving::Moving;
pub use self::refusal::CallRefusal;
pub use self::served_store::ServedStore;

/// The largest body of a call, in bytes.
pub const BODY_BYTES: usize = 256 * 1024;
