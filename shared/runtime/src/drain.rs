//! The end of connections: announced before they are closed.
//!
//! A client that keeps a connection for its next request cannot know that it is being closed, and may have
//! sent that request already. So a program that was told to stop goes on for a short time, and each answer
//! in it says `Connection: close` (RFC 9112, 9.6).

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// For how long a program that was told to stop goes on answering on connections that are open, each time with
/// `Connection: close`, before it closes those that are idle.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Counts connections, and knows whether they are coming to their end.
#[derive(Clone, Debug)]
pub struct Drain {
    open: watch::Sender<usize>,
    stopping: watch::Receiver<bool>,
}

/// A connection while it is open.
#[derive(Debug)]
pub(crate) struct Open(watch::Sender<usize>);

impl Drain {
    /// The connections of a program that stops once `stopping` says so.
    pub fn new(stopping: watch::Receiver<bool>) -> Self {
        Self { open: watch::Sender::new(0), stopping }
    }

    /// Counts a connection until what it gives is dropped.
    pub(crate) fn open(&self) -> Open {
        self.open.send_modify(|count| *count += 1);
        Open(self.open.clone())
    }

    /// Whether an answer is the last one on its connection.
    pub fn has_begun(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Ends when no connection is open any more, or after `DRAIN_TIME`.
    pub async fn ended(&self) {
        let mut open = self.open.subscribe();
        let none = open.wait_for(|count| *count == 0);
        if timeout(DRAIN_TIME, none).await.is_err() {
            log::debug!("closing the connections that were idle for {DRAIN_TIME:?}");
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;
    use tokio::time::Instant;

    use super::{DRAIN_TIME, Drain};

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_last_connection_or_after_its_time() {
        let (_tell, stopping) = watch::channel(false);
        let drain = Drain::new(stopping);
        let begin = Instant::now();
        drain.ended().await;
        assert_eq!(begin.elapsed().as_nanos(), 0, "no client is connected");
        let (one, other) = (drain.open(), drain.open());
        drop(one);
        drain.ended().await;
        assert_eq!(begin.elapsed().as_secs(), DRAIN_TIME.as_secs(), "one stays");
        let waiting = tokio::spawn(async move { drain.ended().await });
        tokio::task::yield_now().await;
        drop(other);
        waiting.await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), DRAIN_TIME.as_secs());
    }
}
