//! A limit on waiting that is cheap to set anew with every request.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A point in time to wait for. Moving it later costs nothing: the timer is only asked once it fires.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self { at: Instant::now() + time, timer: None }
    }

    /// Sets it anew, from now on.
    pub(crate) fn set(&mut self, time: Duration) {
        self.at = Instant::now() + time;
    }

    /// Ready once the time is over.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.at)));
        if timer.deadline() > self.at {
            timer.as_mut().reset(self.at);
        }
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= self.at {
                return Poll::Ready(());
            }
            timer.as_mut().reset(self.at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Deadline;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_can_be_moved_both_ways() {
        let start = Instant::now();
        let mut deadline = Deadline::after(Duration::from_secs(5));
        let early =
            tokio::time::timeout(Duration::from_secs(1), poll_fn(|context| deadline.poll(context)));
        assert!(early.await.is_err());
        deadline.set(Duration::from_secs(60));
        poll_fn(|context| deadline.poll(context)).await;
        assert_eq!(start.elapsed().as_secs(), 61);
        deadline.set(Duration::from_secs(60));
        let early =
            tokio::time::timeout(Duration::from_secs(1), poll_fn(|context| deadline.poll(context)));
        assert!(early.await.is_err());
        deadline.set(Duration::from_secs(2));
        poll_fn(|context| deadline.poll(context)).await;
        assert_eq!(start.elapsed().as_secs(), 64);
    }
}
