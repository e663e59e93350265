//! What each session on the server is told, and whether the sessions stay with their connections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// What each connection is told first.
///
/// The server gives up a statement or a lock that takes longer, so that it cannot block others for good. Every list
/// has an index in its order. A planner that expects few rows would still collect and sort them, and be wrong if
/// one thread has most of the posts. If only a sort will do, its cost is then so high that the server would compile
/// the statement first, for half a second.
///
/// A write's check must see what was committed while it waited for the fence's lock. At any other level
/// than `read committed`, which a server or a role may be set to, it would see what was before.
pub(crate) const SESSION: &str = "SET statement_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '30s'; SET enable_bitmapscan = off; \
    SET enable_sort = off; SET jit = off; SET default_transaction_isolation = 'read committed'";

/// What each transaction is told behind a pooler.
pub(super) static LOCAL: LazyLock<String> = LazyLock::new(|| SESSION.replace("SET ", "SET LOCAL "));

/// Whether a pooler gives each transaction another session. What is known at the start can be wrong, if nothing
/// else used the pooler then. The first statement that is lost corrects it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharing(Arc<AtomicBool>);

impl Sharing {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn found(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            log::info!(
                "a pooler in transaction mode is in between: nothing is prepared, and each transaction is \
                 told its limits"
            );
        }
    }
}
