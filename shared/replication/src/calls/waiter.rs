//! Answers that wait for something to happen in the store.

use std::time::Duration;

use runtime::BackOff;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::Moving;
use crate::Heard;

/// How often a store is looked at again for what other programs did to the same database.
const LOOK: Duration = Duration::from_millis(20);
/// How soon it is looked at again if what is waited for may be there any moment.
const SOON: BackOff = BackOff::new(Duration::from_millis(1), LOOK);

/// Waits for news of a collection until a time.
pub(super) struct Waiter {
    heard: watch::Receiver<Heard>,
    stopping: watch::Receiver<bool>,
    shares_database: bool,
    end: Instant,
    soon: BackOff,
}

impl Waiter {
    /// Hears of everything from now on, and waits for so long in all.
    pub(super) fn new(heard: watch::Receiver<Heard>, moving: &Moving, wait: Duration) -> Self {
        Self {
            heard,
            stopping: moving.stopping(),
            shares_database: moving.shares_database,
            end: Instant::now() + wait,
            soon: SOON,
        }
    }

    /// To be called before each look at the store: what happens during it is news.
    pub(super) fn looks(&mut self) {
        self.heard.mark_unchanged();
    }

    /// Waits until another look is worth it; false if the time is up or the program stops. With `soon` another look is
    /// worth it even if nothing is heard: at first in a moment, then less and less often.
    pub(super) async fn news(&mut self, soon: bool) -> bool {
        if Instant::now() >= self.end {
            return false;
        }
        let look = if soon {
            self.soon.wait()
        } else {
            self.soon.reset();
            LOOK
        };
        let news = async {
            tokio::select! {
                heard = self.heard.changed() => {
                    self.soon.reset();
                    heard.is_ok()
                }
                () = sleep(look), if self.shares_database => true,
                // An error says that nothing is left that could tell it.
                _ = self.stopping.wait_for(|stopping| *stopping) => false,
            }
        };
        timeout_at(self.end, news).await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(10);

    /// A waiter, what it hears of, and what tells it to stop.
    fn waiter(shares_database: bool) -> (Waiter, watch::Sender<Heard>, watch::Sender<bool>) {
        let (news, heard) = watch::channel(Heard::default());
        let (stop, stopping) = watch::channel(false);
        let end = Instant::now() + WAIT;
        (Waiter { heard, stopping, shares_database, end, soon: SOON }, news, stop)
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_once_if_the_program_stops() {
        let (mut waiter, _news, stop) = waiter(false);
        let start = Instant::now();
        let stops = async { stop.send_replace(true) };
        let (news, _) = tokio::join!(waiter.news(false), stops);
        assert_eq!((news, start.elapsed()), (false, Duration::ZERO));
        assert!(!waiter.news(true).await, "and so does the next one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_once_with_news_and_otherwise_at_its_time() {
        let (mut waiter, heard, _stop) = waiter(false);
        let start = Instant::now();
        let writes = async { heard.send_replace(Heard { latest: 1, ..Heard::default() }) };
        let (news, _) = tokio::join!(waiter.news(false), writes);
        assert_eq!((news, start.elapsed()), (true, Duration::ZERO));
        assert_eq!((waiter.news(false).await, start.elapsed()), (false, WAIT));
        assert_eq!((waiter.news(false).await, start.elapsed()), (false, WAIT));
    }

    #[tokio::test(start_paused = true)]
    async fn what_other_programs_may_do_is_looked_for_less_and_less_often() {
        let (mut waiter, _heard, _stop) = waiter(true);
        let start = Instant::now();
        for ms in [1, 3, 7, 15, 31, 51, 71] {
            assert!(waiter.news(true).await);
            assert_eq!(start.elapsed(), Duration::from_millis(ms));
        }
        assert!(waiter.news(false).await);
        assert_eq!(start.elapsed(), Duration::from_millis(91));
    }
}
