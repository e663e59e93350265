//! Answers that wait for something to happen in the store.

use std::time::Duration;

use actix_web::web::Data;
use runtime::BackOff;
use store::{Heard, Record};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::collection::Collection;

/// How often a store is looked at again for what other programs did to the same database.
const LOOK: Duration = Duration::from_millis(20);
/// How soon it is looked at again if what is waited for may be there any moment.
const SOON: BackOff = BackOff::new(Duration::from_millis(1), LOOK);

/// Waits for news of a collection until a time.
pub(super) struct Waiter<R: Record> {
    collection: Data<Collection<R>>,
    heard: watch::Receiver<Heard>,
    end: Instant,
    soon: BackOff,
}

impl<R: Record> Waiter<R> {
    /// Hears of everything from now on, and waits for so long in all.
    pub(super) fn new(collection: &Data<Collection<R>>, wait: Duration) -> Self {
        Self {
            collection: collection.clone(),
            heard: collection.store.changed::<R>(),
            end: Instant::now() + wait,
            soon: SOON,
        }
    }

    /// To be called before each look at the store: what happens during it is news.
    pub(super) fn looks(&mut self) {
        self.heard.mark_unchanged();
    }

    /// Waits until another look is worth it; false where the time is up or the program stops. With `soon` it is so even
    /// where nothing is heard: at first in a moment, then less and less often.
    pub(super) async fn news(&mut self, soon: bool) -> bool {
        let moving = &self.collection.moving;
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
                () = sleep(look), if moving.shares_database => true,
                () = moving.stopped() => false,
            }
        };
        timeout_at(self.end, news).await.unwrap_or(false)
    }
}
