//! The other side of a move, played by the checks: a store that takes a handover, is followed, and hands over again.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, Query, get, post, resource};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use replication::{
    AnswerHead, Changes, ChangesQuery, Entry, FeedCursor, FeedPage, Handover, Ownership, PROTOCOL,
    Peer, Role, SideStatus, heard,
};
use runtime::Token;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stop::{Checked, Stop};

/// How long the longest answer waits.
const WAIT: Duration = Duration::from_millis(300);

/// The played side, as the checks use it. It ends with its value.
pub(crate) struct OtherSide {
    /// The URL of its collection.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    server: ServerHandle,
}

/// What it is at the moment.
#[derive(Debug)]
struct State {
    token: Token,
    ownership: Ownership,
    /// The feed: places and what is there.
    entries: Vec<(u64, Entry<Value>)>,
    /// What was asked of the feed.
    asked: Vec<ChangesQuery>,
    /// Whether a request came without the right token.
    untrusted: bool,
}

impl OtherSide {
    /// Begins to listen, as a follower of this collection.
    pub(crate) fn start(
        listen: SocketAddr,
        token: Token,
        of: &Ownership,
        url: &str,
    ) -> Checked<Self> {
        let failed =
            |error: std::io::Error| Stop::Failed(format!("cannot listen on {listen}: {error}"));
        let listener = TcpListener::bind(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let ownership = follower(of, url);
        let state =
            State { token, ownership, entries: Vec::new(), asked: Vec::new(), untrusted: false };
        let state = Arc::new(Mutex::new(state));
        let shared = Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .service(resource("/checked/-/ownership").route(get().to(ownership_of)))
                .service(resource("/checked/-/changes").route(get().to(changes)))
                .service(resource("/checked/-/forget").route(post().to(ownership_of)))
        });
        let server = server.workers(1).disable_signals().listen(listener).map_err(failed)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { url: format!("http://{address}/checked"), state, server: handle })
    }

    /// Its store and address.
    pub(crate) fn peer(&self) -> Peer {
        Peer { store: self.lock().ownership.store.clone(), url: self.url.clone() }
    }

    /// Its document.
    pub(crate) fn ownership(&self) -> Ownership {
        self.lock().ownership.clone()
    }

    /// Takes the epoch that was handed over to it.
    pub(crate) fn become_primary(&self, epoch: u64, from: &Peer) {
        let mut state = self.lock();
        let own = &mut state.ownership;
        (own.role, own.epoch, own.since) = (Role::Primary, epoch, own.position);
        (own.followed, own.successor, own.predecessor) = (None, None, Some(from.clone()));
    }

    /// Puts something into its feed, and gives the place.
    pub(crate) fn write(&self, entries: impl IntoIterator<Item = Entry<Value>>) -> u64 {
        let mut state = self.lock();
        for entry in entries {
            state.ownership.position += 1;
            let place = state.ownership.position;
            state.entries.push((place, entry));
        }
        state.ownership.position
    }

    /// Hands the epoch after its own over, and puts this behind the handover, where nothing may be.
    pub(crate) fn hand_over(&self, to: &Peer, last_id: u64, behind: Entry<Value>) -> Handover {
        let mut state = self.lock();
        let (epoch, position) = (state.ownership.epoch + 1, state.ownership.position + 1);
        let handover = Handover { epoch, to: to.clone(), position, last_id };
        state.ownership.position += 1;
        state.entries.push((position, Entry::Handover(handover.clone())));
        state.entries.push((position, behind));
        let own = &mut state.ownership;
        (own.role, own.successor, own.handover) =
            (Role::Follower, Some(to.clone()), Some(handover.clone()));
        handover
    }

    /// What was asked of its feed so far.
    pub(crate) fn asked(&self) -> Vec<ChangesQuery> {
        self.lock().asked.clone()
    }

    /// Whether a request came without the right token.
    pub(crate) fn is_untrusted(&self) -> bool {
        self.lock().untrusted
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for OtherSide {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The document of a follower that has everything.
fn follower(of: &Ownership, url: &str) -> Ownership {
    let source = Peer { store: of.store.clone(), url: url.to_owned() };
    Ownership {
        store: format!("check-{:016x}", fastrand::u64(..)),
        role: Role::Follower,
        since: 0,
        position: 1,
        run: format!("{:016x}", fastrand::u64(..)),
        rows: true,
        fence: None,
        handover: None,
        followed: None,
        successor: Some(source),
        predecessor: None,
        forwarded: None,
        superseded: false,
        max_rows_per_second: None,
        ..of.clone()
    }
}

/// Whether the request shows the token. If not, that is remembered.
fn trusted(request: &HttpRequest, state: &Mutex<State>) -> bool {
    let shown = request.headers().get("authorization");
    let mut state = lock(state);
    let trusted = shown.is_some_and(|shown| state.token.shown_by(shown.as_bytes()));
    state.untrusted |= !trusted;
    trusted
}

async fn ownership_of(request: HttpRequest, state: Data<Mutex<State>>) -> HttpResponse {
    if !trusted(&request, &state) {
        return HttpResponse::NotFound().finish();
    }
    let ownership = lock(&state).ownership.clone();
    let (following, followers, blocked_by) = (None, Vec::new(), None);
    HttpResponse::Ok().json(SideStatus {
        protocol: PROTOCOL,
        ownership,
        following,
        followers,
        blocked_by,
    })
}

async fn changes(
    request: HttpRequest,
    state: Data<Mutex<State>>,
    query: Query<ChangesQuery>,
) -> HttpResponse {
    if !trusted(&request, &state) {
        return HttpResponse::NotFound().finish();
    }
    let query = query.into_inner();
    let end = Instant::now() + WAIT.min(Duration::from_millis(query.wait));
    lock(&state).asked.push(query.clone());
    loop {
        let page = page(&lock(&state), &query.after);
        if !page.entries.is_empty() || Instant::now() >= end {
            let head = AnswerHead { protocol: PROTOCOL, busy: false };
            return HttpResponse::Ok().json(FeedPage { head, changes: &page });
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Everything after a cursor.
fn page(state: &State, after: &FeedCursor) -> Changes<Value> {
    let own = &state.ownership;
    let behind = |place: u64| FeedCursor::all(place) > *after;
    let entries = state.entries.iter().filter(|(place, _)| behind(*place));
    Changes {
        store: own.store.clone(),
        lineage: own.lineage.clone(),
        role: own.role,
        epoch: own.epoch,
        run: own.run.clone(),
        heard: Some(heard(&own.run, own.position)),
        entries: entries.map(|(_, entry)| entry.clone()).collect(),
        cursor: FeedCursor::all(own.position).max(after.clone()),
        covered: own.position,
        latest: own.position,
        revs_above: 0,
        more: false,
        now_ms: 0,
        blocked_by: None,
    }
}

/// A row that does not exist any more.
pub(crate) fn deleted(key: &replication::Key, rev: u64) -> Value {
    json!({"row": {"key": key, "rev": rev, "createdMs": 1, "updatedMs": 1, "content": null}})
}
