//! Other collections: whether the members that a write names exist.
//!
//! In the monolith a neighbour is the same store; between services it is asked by HTTP.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use lru::LruCache;
use models::{FieldErrors, Reference};
use reqwest::Client;
use store::{Record, Store};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::config::url_variable;
use crate::observe::Trace;
use crate::problem::{self, Problem};

/// How long a write waits for a neighbour, the second attempt included.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// How long to wait before the second attempt.
const SECOND_ATTEMPT: Duration = Duration::from_millis(25);
/// How many members are remembered of each neighbour: about 10 MB.
const REMEMBERED: NonZero<usize> = NonZero::new(100_000).expect("not zero");

/// The collections that members of this one refer to.
#[derive(Default)]
pub(crate) struct Neighbours(BTreeMap<&'static str, Arc<dyn Neighbour>>);

/// Another collection.
pub(crate) trait Neighbour: Send + Sync {
    /// Whether it has a member with this id.
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a>;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<bool, Problem>> + 'a>>;

impl Neighbours {
    pub(crate) fn insert(&mut self, collection: &'static str, neighbour: Arc<dyn Neighbour>) {
        self.0.insert(collection, neighbour);
    }

    /// Which of these references lead nowhere.
    ///
    /// # Errors
    /// 503 where that cannot be found out.
    pub(crate) async fn check(
        &self,
        references: &[Reference],
        trace: &Trace,
    ) -> Result<FieldErrors, Problem> {
        let asked = join_all(references.iter().map(async |reference| {
            let Some(neighbour) = self.0.get(reference.collection) else {
                return Err(unset(reference.collection));
            };
            neighbour.exists(reference.id, trace).await
        }));
        let mut errors = FieldErrors::default();
        for (reference, exists) in references.iter().zip(asked.await) {
            if !exists? {
                let Reference { field, collection, id } = reference;
                errors.add(field, format!("names {id}, which is not among the {collection}"));
            }
        }
        Ok(errors)
    }
}

fn unset(collection: &str) -> Problem {
    let variable = url_variable(collection);
    Problem::unavailable(format!(
        "this service cannot ask for {collection} ({variable} is not set); nothing was stored"
    ))
}

/// A collection in the same store.
pub(crate) struct Local<R> {
    store: Arc<Store>,
    record: PhantomData<R>,
}

impl<R: Record> Local<R> {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, record: PhantomData }
    }
}

impl<R: Record> Neighbour for Local<R> {
    fn exists<'a>(&'a self, id: u64, _: &'a Trace) -> Answer<'a> {
        Box::pin(async move {
            let row = self.store.get::<R>(id).await;
            let row = row.map_err(|error| Problem::of_store(error, R::TABLE.name, Some(id)))?;
            Ok(row.is_some())
        })
    }
}

/// A collection of another service. What it was seen to have is remembered, so that writes go on
/// while it is down.
pub(crate) struct Remote {
    collection: &'static str,
    url: Url,
    client: Client,
    seen: Mutex<LruCache<u64, ()>>,
}

impl Remote {
    pub(crate) fn new(collection: &'static str, url: Url, client: Client) -> Self {
        let seen = Mutex::new(LruCache::new(REMEMBERED));
        Self { collection, url, client, seen }
    }

    /// Asks, and asks once more if there is time; `None` where no answer is to be had.
    async fn ask(&self, id: u64, trace: &Trace) -> Option<bool> {
        let end = Instant::now() + ANSWER_TIME;
        let first = timeout_at(end, self.ask_once(id, trace)).await.ok()?;
        if first.is_some() {
            return first;
        }
        timeout_at(end, async {
            sleep(SECOND_ATTEMPT).await;
            self.ask_once(id, trace).await
        })
        .await
        .ok()?
    }

    /// Whether a 404 names this very member: `user 7` of the users.
    fn is_missing(&self, named: &[u8], id: u64) -> bool {
        let named = str::from_utf8(named).unwrap_or_default();
        named.split_once(' ').is_some_and(|(member, number)| {
            self.collection.strip_suffix('s') == Some(member) && number.parse() == Ok(id)
        })
    }

    async fn ask_once(&self, id: u64, trace: &Trace) -> Option<bool> {
        let url = format!("{}/{id}", self.url);
        let mut request = self.client.head(url);
        for (name, value) in &trace.headers {
            // actix-web and reqwest name the same header by types of different crates.
            request = request.header(name.as_str(), value.as_bytes());
        }
        let answer = request.send().await.map_err(|error| {
            log::warn!("{}: {}", self.collection, problem::chain(&error));
        });
        let answer = answer.ok()?;
        let missing = answer.headers().get(problem::MISSING);
        match answer.status().as_u16() {
            200 => Some(true),
            // Any web server has a 404, this board's other services too; only the collection's own
            // says that the member does not exist.
            404 if missing.is_some_and(|missing| self.is_missing(missing.as_bytes(), id)) => {
                Some(false)
            }
            status => {
                log::warn!("{}: answered {status} for {id}", self.collection);
                None
            }
        }
    }
}

impl Neighbour for Remote {
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a> {
        Box::pin(async move {
            let answer = self.ask(id, trace).await;
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
                None => Err(Problem::unavailable(format!(
                    "{} does not answer, so it is not known whether {id} exists there; nothing was \
                     stored",
                    self.collection
                ))),
            }
        })
    }
}

/// An HTTP client for other services: pooled; over HTTPS, where that is wanted, with the system's
/// authorities.
///
/// # Errors
/// Where TLS cannot be set up.
pub fn client(https: bool) -> reqwest::Result<Client> {
    // The first caller sets the process's provider; the others find the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    // Without HTTPS no authority is asked for, so a machine without any will do.
    let builder = if https { builder } else { builder.tls_certs_only([]) };
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(ANSWER_TIME)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        .build()
}
