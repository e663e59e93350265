//! How long a client may hold a service that another request waits for.

use std::task::{Context, Poll, ready};

use crate::deadline::Deadline;
use crate::limits::{STALL_LOOK, STALL_TIME};

/// Runs while a client takes nothing and the service is held for it.
#[derive(Debug)]
pub(super) struct Stall {
    until: Deadline,
}

impl Stall {
    pub(super) fn begin() -> Self {
        Self { until: Deadline::after(STALL_TIME) }
    }

    /// Ready once [`STALL_TIME`] is over and another request wants the place. It is looked for that each [`STALL_LOOK`].
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        is_wanted: impl Fn() -> bool,
    ) -> Poll<()> {
        loop {
            ready!(self.until.poll(context));
            if is_wanted() {
                return Poll::Ready(());
            }
            self.until.set(STALL_LOOK);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{STALL_LOOK, STALL_TIME, Stall};

    #[tokio::test(start_paused = true)]
    async fn a_place_is_given_up_soon_after_it_is_wanted_and_not_before_its_time() {
        for wanted in [0, 4_900, 5_001, 7_300, 60_000].map(Duration::from_millis) {
            let start = Instant::now();
            let mut stall = Stall::begin();
            poll_fn(|context| stall.poll(context, || start.elapsed() >= wanted)).await;
            let (took, due) = (start.elapsed(), wanted.max(STALL_TIME));
            assert!(took >= due && took <= due + STALL_LOOK, "{wanted:?}: after {took:?}");
        }
    }
}
