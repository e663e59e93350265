//! A collection of another service.

use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use models::Target;
use url::Url;

use super::ask::{Asker, Found, Said};
use super::{Answer, Neighbour, silent};
use crate::clients::Clients;
use crate::observe::Trace;
use crate::problem::Problem;

/// How many members are remembered of each neighbour: about 10 MB.
const REMEMBERED: NonZero<usize> = NonZero::new(100_000).expect("not zero");

/// A collection of another service. What its primary was seen to have is remembered, so that writes go on
/// while that is down.
pub(crate) struct Remote {
    target: Target,
    url: Url,
    asker: Asker,
    seen: Mutex<LruCache<u64, ()>>,
    /// Where the primary was last, if that is not at `url`: a hint, which spares a question.
    primary: Mutex<Option<String>>,
}

impl Remote {
    pub(crate) fn new(target: Target, url: Url, clients: Arc<Clients>) -> Self {
        let seen = Mutex::new(LruCache::new(REMEMBERED));
        let asker = Asker::new(target, clients);
        Self { target, url, asker, seen, primary: Mutex::default() }
    }

    async fn find(&self, id: u64, trace: &Trace) -> Result<bool, Problem> {
        let first = async || {
            let hint = lock(&self.primary).clone();
            let said = self.asker.ask_once(hint.as_deref().unwrap_or(self.url.as_str()), id, trace);
            let said = said.await;
            if said == Said::Nothing {
                *lock(&self.primary) = None;
            }
            Ok(said)
        };
        let seen = || lock(&self.seen).contains(&id);
        match self.asker.ask(first, seen, id, trace).await? {
            Some(Found { has, at }) => {
                if at.is_some() {
                    *lock(&self.primary) = at;
                }
                if has {
                    lock(&self.seen).put(id, ());
                } else {
                    lock(&self.seen).pop(&id);
                }
                Ok(has)
            }
            None => {
                // It may be what did not answer.
                *lock(&self.primary) = None;
                if seen() { Ok(true) } else { Err(silent(self.target.collection, id)) }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Neighbour for Remote {
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a> {
        Box::pin(self.find(id, trace))
    }
}
