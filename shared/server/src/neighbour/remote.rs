//! A collection of another service.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use url::Url;

use super::ask::Asker;
use super::{Answer, Neighbour, silent};
use crate::clients::Clients;
use crate::observe::Trace;

/// How many members are remembered of each neighbour: about 10 MB.
const REMEMBERED: NonZero<usize> = NonZero::new(100_000).expect("not zero");

/// A collection of another service. What it was seen to have is remembered, so that writes go on
/// while it is down.
pub(crate) struct Remote {
    collection: &'static str,
    url: Url,
    asker: Asker,
    seen: Mutex<LruCache<u64, ()>>,
}

impl Remote {
    pub(crate) fn new(collection: &'static str, url: Url, clients: Arc<Clients>) -> Self {
        let seen = Mutex::new(LruCache::new(REMEMBERED));
        Self { collection, url, asker: Asker::new(collection, clients), seen }
    }
}

impl Neighbour for Remote {
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a> {
        Box::pin(async move {
            let answer = self.asker.ask(self.url.as_str(), id, trace).await;
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Some(true) => {
                    seen.put(id, ());
                    Ok(true)
                }
                Some(false) => {
                    seen.pop(&id);
                    Ok(false)
                }
                None if seen.contains(&id) => Ok(true),
                None => Err(silent(self.collection, id)),
            }
        })
    }
}
