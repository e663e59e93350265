//! The end of a program: announced before it comes, to the load balancer and to each connection.
//!
//! A load balancer looks at `/readyz` now and then. So a program that was told to stop first answers 503 there, and
//! otherwise goes on as before, for [`StopTimes::delay`].
//!
//! A client that keeps a connection for its next request cannot know that it is being closed, and may have
//! sent that request already. So the program then goes on for a short time, and each answer in it says `Connection: close` (RFC 9112, 9.6).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::variables::{Variable, Variables};

/// For how long a program that stops goes on answering on connections that are open, each time with
/// `Connection: close`, before it closes those that are idle.
pub const ANNOUNCE_TIME: Duration = Duration::from_secs(2);

/// The most seconds that either variable of [`StopTimes`] takes.
const MOST_SECONDS: usize = 3_600;

/// How long a program takes to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopTimes {
    /// For how long it still serves as before, while `/readyz` answers 503.
    pub delay: Duration,
    /// How long requests in flight may take to finish once the port is closed.
    pub drain: Duration,
}

impl StopTimes {
    /// The variable of [`StopTimes::delay`].
    pub const DELAY: Variable = Variable {
        name: "DRAIN_DELAY_SECONDS",
        about: "for how long a program that is told to stop still takes requests while /readyz answers \
                503, so that a load balancer sees it, 0 to 3600; 0",
    };
    /// The variable of [`StopTimes::drain`].
    pub const DRAIN: Variable = Variable {
        name: "DRAIN_SECONDS",
        about: "how long requests in flight may take to finish after that, 1 to 3600; 25",
    };

    /// Reads both.
    pub fn read(variables: &mut Variables) -> Self {
        let mut seconds = |variable: Variable, least, default| {
            let read = variables.number(variable.name, least, MOST_SECONDS);
            Duration::from_secs(read.unwrap_or(default) as u64)
        };
        Self { delay: seconds(Self::DELAY, 0, 0), drain: seconds(Self::DRAIN, 1, 25) }
    }

    /// Ends after [`StopTimes::delay`], for a program that says already that it is not ready.
    pub async fn serve_on(self) {
        if !self.delay.is_zero() {
            log::info!("not ready any more; takes requests for {} s more", self.delay.as_secs());
            sleep(self.delay).await;
        }
    }
}

/// Counts connections, and knows whether they are coming to their end.
#[derive(Clone, Debug)]
pub struct Drain {
    open: watch::Sender<usize>,
    leaving: Arc<AtomicBool>,
    stopping: watch::Receiver<bool>,
}

/// A connection while it is open.
#[derive(Debug)]
pub(crate) struct Open(watch::Sender<usize>);

impl Drain {
    /// The connections of a program that stops once `stopping` says so.
    pub fn new(stopping: watch::Receiver<bool>) -> Self {
        Self { open: watch::Sender::new(0), leaving: Arc::default(), stopping }
    }

    /// From now on the program is not ready any more. It serves as before until [`StopTimes::delay`] is over.
    pub async fn leave(&self, times: StopTimes) {
        self.leaving.store(true, Ordering::Relaxed);
        times.serve_on().await;
    }

    /// Whether the program was told to stop: it is not ready for new clients.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
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

    /// Ends when no connection is open any more, or after [`ANNOUNCE_TIME`].
    pub async fn ended(&self) {
        let mut open = self.open.subscribe();
        let none = open.wait_for(|count| *count == 0);
        if timeout(ANNOUNCE_TIME, none).await.is_err() {
            log::debug!("closing the connections that were idle for {ANNOUNCE_TIME:?}");
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
    use std::time::Duration;

    use tokio::sync::watch;
    use tokio::time::Instant;

    use super::{ANNOUNCE_TIME, Drain, StopTimes};
    use crate::variables::{Variable, Variables};

    #[tokio::test(start_paused = true)]
    async fn a_program_that_leaves_is_not_ready_and_goes_on_for_a_while() {
        let (_tell, stopping) = watch::channel(false);
        let drain = Drain::new(stopping);
        assert!(!drain.is_leaving());
        let leaving = drain.clone();
        let seconds = Duration::from_secs;
        let times = StopTimes { delay: seconds(5), drain: seconds(25) };
        let left = tokio::spawn(async move { leaving.leave(times).await });
        tokio::task::yield_now().await;
        tokio::time::advance(seconds(4)).await;
        assert!(drain.is_leaving() && !drain.has_begun() && !left.is_finished());
        left.await.unwrap();
    }

    #[test]
    fn the_times_are_read_and_bounded() {
        const NAMES: &[Variable] = &[StopTimes::DELAY, StopTimes::DRAIN];
        let read = |delay: &str, drain: &str| {
            let given = [(StopTimes::DELAY.name, delay), (StopTimes::DRAIN.name, drain)];
            let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut variables = Variables::new(NAMES, given);
            let times = StopTimes::read(&mut variables);
            variables.finish(times).map_err(|errors| errors.to_string())
        };
        let seconds = Duration::from_secs;
        assert_eq!(read("", ""), Ok(StopTimes { delay: seconds(0), drain: seconds(25) }));
        assert_eq!(read("5", "60"), Ok(StopTimes { delay: seconds(5), drain: seconds(60) }));
        let wrong = read("3601", "0").unwrap_err();
        assert!(wrong.contains("DRAIN_DELAY_SECONDS=\"3601\": takes a number from 0 to 3600"));
        assert!(wrong.contains("DRAIN_SECONDS=\"0\": takes a number from 1 to 3600"), "{wrong}");
    }

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
        assert_eq!(begin.elapsed().as_secs(), ANNOUNCE_TIME.as_secs(), "one stays");
        let waiting = tokio::spawn(async move { drain.ended().await });
        tokio::task::yield_now().await;
        drop(other);
        waiting.await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), ANNOUNCE_TIME.as_secs());
    }
}
