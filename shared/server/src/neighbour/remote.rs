//! A collection of another service.

use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lru::LruCache;
use models::Target;
use runtime::Clients;
use url::Url;

use super::ask::{Asker, Found, NeighbourAnswer};
use super::hint::Hint;
use super::sought::Sought;
use super::{Answer, Neighbour, silent};
use crate::problem::Problem;
use crate::trace::Trace;

/// How many members are remembered of each neighbour: about 10 MB.
const REMEMBERED: NonZero<usize> = NonZero::new(100_000).expect("not zero");

/// A collection of another service. What its primary was seen to have is remembered, so that writes go on
/// while that is down.
pub(crate) struct Remote {
    target: Target,
    url: Url,
    asker: Asker,
    seen: Mutex<LruCache<Sought, u64>>,
    /// The last known URL of the primary, if that is not `url`.
    primary: Hint,
}

impl Remote {
    pub(crate) fn new(target: Target, url: Url, clients: Arc<Clients>) -> Self {
        let seen = Mutex::new(LruCache::new(REMEMBERED));
        let asker = Asker::new(target.clone(), clients);
        Self { target, url, asker, seen, primary: Hint::default() }
    }

    async fn look(&self, sought: &Sought, trace: &Trace) -> Result<Option<u64>, Problem> {
        let first = async || {
            if let Some(hint) = self.primary.get(Instant::now()) {
                match self.asker.ask_once(&hint, sought, trace).await {
                    // Another program may be there by now, which was never given the collection: that it does not have
                    // the member is believed if the configured address leads there.
                    NeighbourAnswer::Has(None) => {
                        self.primary.forget();
                        lock(&self.seen).pop(sought);
                    }
                    NeighbourAnswer::Nothing => self.primary.forget(),
                    said => return Ok(said),
                }
            }
            Ok(self.asker.ask_once(self.url.as_str(), sought, trace).await)
        };
        let seen = || lock(&self.seen).get(sought).copied();
        match self.asker.ask(first, || seen().is_some(), sought, trace).await? {
            Some(Found { id, at }) => {
                if let Some(at) = at {
                    self.primary.set(at, Instant::now());
                }
                match id {
                    Some(id) => lock(&self.seen).put(sought.clone(), id),
                    None => lock(&self.seen).pop(sought),
                };
                Ok(id)
            }
            None => {
                // It may be what did not answer.
                self.primary.forget();
                seen().map(Some).ok_or_else(|| silent(&self.target.collection, sought))
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Neighbour for Remote {
    fn find<'a>(&'a self, sought: &'a Sought, trace: &'a Trace) -> Answer<'a> {
        Box::pin(self.look(sought, trace))
    }
}
