//! The one task of a collection that acts on its ownership. A follower copies and follows. A store that handed its
//! collection over waits for its successor and follows it. A primary has nothing to do here.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use runtime::BackOff;
use tokio::time::{sleep, timeout};

use super::adopt::adopt;
use super::collection_store::CollectionStore;
use super::halt::{Cause, Halt};
use super::replicator::Replicator;
use super::{copy, successor};
use crate::{ErrorCode, FollowerState, MoveError, Ownership, Role};

/// How often a store with nothing to do is looked at: another program may have changed it.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait after a failure.
const BACK_OFF: BackOff = BackOff::new(Duration::from_millis(20), Duration::from_secs(1));

impl<S: CollectionStore> Replicator<S> {
    /// Keeps the collection. Never ends.
    pub async fn keep(self) {
        let mut back_off = BACK_OFF;
        loop {
            let halt = self.step(&mut back_off).await;
            let (state, cause) = match halt {
                Halt::News => {
                    back_off.reset();
                    continue;
                }
                Halt::Stalled(cause) => (FollowerState::Stalled, cause),
                Halt::Broken(cause) => (FollowerState::Broken, cause),
            };
            if self.ownership_cache.progress.now(state, Some(cause.clone())) {
                log::warn!("{}: does not follow: {}", self.ownership_cache.name(), cause.detail);
            }
            // News need not wait.
            let _ = timeout(back_off.wait(), self.ownership_cache.news.notified()).await;
        }
    }

    /// Does what the store's state asks for until that changes or something is wrong. What goes well resets
    /// `back_off`.
    async fn step(&self, back_off: &mut BackOff) -> Halt {
        let ownership = match self.ownership_cache.ask(&self.store).await {
            Ok(ownership) => ownership,
            Err(error) => return MoveError::Store(error).into(),
        };
        let work = async {
            match (ownership.role, self.ownership_cache.intended()) {
                (Role::Primary, Some(url)) => self.begin(&url).await,
                (Role::Primary | Role::Retired, _) => self.rest().await,
                (Role::Follower, _) => self.follow(ownership, back_off).await,
            }
        };
        self.until_news(work).await.unwrap_or(Halt::News)
    }

    /// Has nothing to do for now. Looks again while the collection is in use. Otherwise it does not, so that a
    /// database can sleep; the first request after that asks the store.
    async fn rest(&self) -> Halt {
        self.ownership_cache.progress.over();
        sleep(LOOK).await;
        while !self.ownership_cache.in_use() {
            sleep(LOOK).await;
        }
        Halt::News
    }

    /// Begins to follow what the program was told to.
    async fn begin(&self, url: &str) -> Halt {
        let begun = async {
            let peers = self.peers.at(url)?;
            adopt(self.ownership_cache.name(), &self.store, peers, url, None).await
        };
        match begun.await {
            Ok(_) => {
                log::info!("{}: copies {url}", self.ownership_cache.name());
                Halt::News
            }
            Err(error) => error.into(),
        }
    }

    async fn follow(&self, ownership: Ownership, back_off: &mut BackOff) -> Halt {
        match (ownership.followed, ownership.handover) {
            (Some(followed), _) => copy::copy(self, ownership.store, followed, back_off).await,
            (None, Some(handover)) => {
                let to = ownership.successor.unwrap_or(handover.to);
                successor::follow_back(self, &ownership.lineage, handover.epoch, &to).await
            }
            (None, None) => {
                let detail = "the store follows no other and handed over nothing; cancel it";
                Halt::Broken(Cause::new(ErrorCode::NeverHandedOver, detail))
            }
        }
    }

    /// Does the work, unless there is news of the ownership first.
    async fn until_news<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let (work, news) = (pin!(work), pin!(self.ownership_cache.news.notified()));
        match select(work, news).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}
