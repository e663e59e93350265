//! The document of ownership, as it goes over the wire.

use super::waiter::Waiter;
use super::{Answering, CallRefusal, ServedStore, query};
use crate::{PROTOCOL, SideStatus, StandingQuery};

/// `GET -/ownership`: what the store is now. With `covers` it waits until the store is as far as that, or has waited for
/// so long.
pub(super) async fn show<S: ServedStore>(
    served: &Answering<S>,
    query: StandingQuery,
) -> Result<SideStatus, CallRefusal> {
    // A program that asks this wants to know the primary. So the store looks again, even if it is not asked for
    // anything else.
    served.cache.used();
    let document = || async { read(served).await.map_err(served.failed()) };
    let Some(wanted) = query.covers else { return document().await };
    let covers = || served.store.position() >= wanted;
    let heard = served.store.heard();
    let mut waiter = Waiter::new(heard, &served.moving, query::wait(query.wait));
    loop {
        waiter.looks();
        if !covers() {
            // Another program on the same database may have brought it there.
            served.cache.ask(&served.store).await.map_err(served.failed())?;
        }
        if covers() || !waiter.news(true).await {
            return document().await;
        }
    }
}

/// The document as it is now.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn read<S: ServedStore>(served: &Answering<S>) -> Result<SideStatus, S::Error> {
    let store = &served.store;
    let read = tokio::try_join!(served.cache.ask(store), store.followers(), store.blocked_by());
    let (ownership, followers, blocked_by) = read?;
    let following = served.cache.progress.following();
    Ok(SideStatus { protocol: PROTOCOL, ownership, following, followers, blocked_by })
}
