//! The keys of the issuer, read again and again. While the issuer is down, the last keys stay.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{DecodingKey, Header};
use runtime::Clients;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::key_set::KeySet;
use crate::key_source::KeySource;
use crate::refusal::Refusal;
use crate::settings::Settings;

/// How often keys are read, without any reason.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// How often a file is looked at.
const EVERY_NEAR: Duration = Duration::from_secs(1);
/// How soon they are read again, because a token names a key that is unknown, or because they could not be read.
const SOONEST: Duration = Duration::from_secs(10);
/// How long a request waits for keys that are being read.
const WAIT: Duration = Duration::from_secs(3);

/// The keys of the issuer.
#[derive(Debug)]
pub struct KeyCache {
    source: KeySource,
    clients: Clients,
    state: watch::Sender<State>,
    wanted: Notify,
}

#[derive(Clone, Debug, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// Grows with each change of the keys.
    generation: u64,
    /// When they were read last, or could not be.
    tried: Option<Instant>,
    failed: bool,
}

/// A key, and the generation of keys that it belongs to.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) key: DecodingKey,
    pub(crate) generation: u64,
}

impl KeyCache {
    /// Has no keys until [`KeyCache::refresh`] runs.
    pub fn new(settings: &Settings, clients: Clients) -> Self {
        let (state, _) = watch::channel(State::default());
        Self { source: settings.keys.clone(), clients, state, wanted: Notify::new() }
    }

    /// Reads the keys, now and then and when they are wanted. Never ends.
    pub async fn refresh(&self) {
        let (every, mut text) =
            (if self.source.is_near() { EVERY_NEAR } else { EVERY }, Vec::new());
        loop {
            let read = self.source.read(&self.clients).await;
            let read = read.and_then(|new| {
                if new == text {
                    return Ok(None);
                }
                let keys = KeySet::read(&new).map_err(|why| format!("the set of keys {why}"))?;
                text = new;
                Ok(Some(keys))
            });
            let failed = read.is_err();
            self.take(read);
            let next = if failed { every.min(SOONEST) } else { every };
            // They may have been wanted while they were read: that is not answered before its time either.
            let wanted = async {
                sleep(self.soonest()).await;
                self.wanted.notified().await;
            };
            tokio::select! {
                () = sleep(next) => {}
                () = wanted => {}
            }
        }
    }

    fn take(&self, read: Result<Option<KeySet>, String>) {
        self.state.send_modify(|state| {
            state.tried = Some(Instant::now());
            let failed = read.is_err();
            match read {
                Ok(Some(keys)) => {
                    if keys.is_empty() {
                        log::warn!(
                            "the issuer has no key for RS256, PS256, ES256 or EdDSA, so every token is refused"
                        );
                    } else {
                        log::info!("read the keys of the issuer");
                    }
                    state.keys = Some(Arc::new(keys));
                    state.generation += 1;
                }
                Ok(None) if state.failed => log::info!("the keys of the issuer can be read again"),
                Ok(None) => {}
                Err(why) if state.failed => log::debug!("the keys of the issuer: {why}"),
                Err(why) if state.keys.is_some() => {
                    log::warn!(
                        "the keys of the issuer cannot be read, so the last ones stay: {why}"
                    );
                }
                Err(why) => log::warn!(
                    "the keys of the issuer cannot be read, so writes are answered 503: {why}"
                ),
            }
            state.failed = failed;
        });
    }

    /// The key that the head of a token names. One that is unknown is looked for at the issuer, unless that happened a
    /// short while ago.
    ///
    /// # Errors
    /// If there is no such key, or the keys cannot be read.
    pub(crate) async fn find(&self, header: &Header) -> Result<Found, Refusal> {
        let mut changes = self.state.subscribe();
        let first = changes.borrow_and_update().clone();
        if let Some(found) = first.find(header) {
            return Ok(found);
        }
        if first.tried.is_none_or(|tried| tried.elapsed() >= self.soonest()) {
            if first.tried.is_some() {
                self.wanted.notify_one();
            }
            // If they do not come in time, what was known before decides.
            let _ = timeout(WAIT, changes.changed()).await;
        }
        let state = changes.borrow().clone();
        state.find(header).ok_or(if state.failed || state.keys.is_none() {
            Refusal::NoKeys
        } else {
            Refusal::Invalid("the issuer has no key with this id for this algorithm")
        })
    }

    /// The generation of the keys.
    pub(crate) fn generation(&self) -> u64 {
        self.state.borrow().generation
    }

    fn soonest(&self) -> Duration {
        if self.source.is_near() { EVERY_NEAR } else { SOONEST }
    }
}

impl State {
    fn find(&self, header: &Header) -> Option<Found> {
        let key = self.keys.as_ref()?.find(header.kid.as_deref(), header.alg)?;
        Some(Found { key: key.clone(), generation: self.generation })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use runtime::Clients;
    use tokio::sync::{Notify, watch};
    use tokio::time::timeout;

    use super::{KeyCache, State};
    use crate::key_source::KeySource;

    #[tokio::test(start_paused = true)]
    async fn keys_that_are_wanted_while_they_are_read_are_not_read_again_at_once() {
        let (state, mut changes) = watch::channel(State::default());
        let source = KeySource::File("/nowhere/keys.json".into());
        let cache =
            KeyCache { source, clients: Clients::new().unwrap(), state, wanted: Notify::new() };
        cache.wanted.notify_one();
        let waits = async {
            changes.changed().await.unwrap();
            timeout(Duration::ZERO, cache.wanted.notified()).await.is_ok()
        };
        let waits = tokio::select! {
            waits = waits => waits,
            () = cache.refresh() => unreachable!("it never ends"),
        };
        assert!(waits, "they were read again");
    }
}
