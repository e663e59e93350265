//! Answers that wait for something to happen in the store.

use std::time::Duration;

use actix_web::web::Data;
use store::{Heard, Record};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::collection::Collection;

/// How soon a store is looked at again where what is waited for may be there any moment.
const SOON: Duration = Duration::from_millis(1);
/// How often it is looked at again for what other programs did to the same database.
const LOOK: Duration = Duration::from_millis(20);

/// Waits for news of a collection until a time.
pub(super) struct Waiter<R: Record> {
    collection: Data<Collection<R>>,
    heard: watch::Receiver<Heard>,
    end: Instant,
    next_look: Duration,
}

impl<R: Record> Waiter<R> {
    /// Hears of everything from now on, and waits for so long in all.
    pub(super) fn new(collection: &Data<Collection<R>>, wait: Duration) -> Self {
        Self {
            collection: collection.clone(),
            heard: collection.store.changed::<R>(),
            end: Instant::now() + wait,
            next_look: SOON,
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
        let look = if soon { self.next_look } else { LOOK };
        let news = async {
            tokio::select! {
                heard = self.heard.changed() => heard.is_ok().then_some(SOON),
                () = sleep(look), if moving.shares_database => Some(if soon { (look * 2).min(LOOK) } else { SOON }),
                () = moving.stopped() => None,
            }
        };
        let next_look = if Instant::now() < self.end {
            timeout_at(self.end, news).await.unwrap_or(None)
        } else {
            None
        };
        self.next_look = next_look.unwrap_or(LOOK);
        next_look.is_some()
    }
}
