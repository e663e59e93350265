//! Reads that are answered before actix-web routes them.
//!
//! A plain read of a collection that is here, on SQLite, never waits. It needs no boxed future, no route, no timer. What is
//! not plain goes on to the application, which gives the same answer: a request with a condition, a body or a mistake, a
//! member that is missing, a collection that is elsewhere, another method, PostgreSQL.

use std::cell::RefCell;

use actix_http::body::BoxBody;
use actix_http::{Request, Response};
use actix_web::HttpMessage;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::rt::time::Instant;
use actix_web::web::Data;
use futures_util::FutureExt;
use log::Level;
use replication::headers::{POSITION, READ};
use runtime::{Drain, NOSNIFF, ms_since, names_a_host, request_id};

use super::answers::Answers;
use super::position::PositionValue;
use super::read::ReadAnswer;
use store::Snapshot;

use crate::metrics::{Metrics, RouteMetrics};
use crate::observe::{CountedInFlight, write_line};
use crate::query::{ListQuery, MemberQuery, ReadQuery, member_id};
use crate::served::Served;
use crate::trace::REQUEST_ID;

/// A request with one of these is not plain.
const NOT_PLAIN: [HeaderName; 5] = [
    header::IF_NONE_MATCH,
    header::UPGRADE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    HeaderName::from_static(READ),
];

/// The plain reads of a program, in one worker.
pub(crate) struct FastPath {
    collections: Vec<Reads>,
    metrics: Data<Metrics>,
    drain: Data<Drain>,
}

/// The plain reads of one collection.
struct Reads {
    served: Data<Served>,
    answers: RefCell<Answers<Snapshot>>,
    position: PositionValue,
    member: RouteMetrics,
    list: RouteMetrics,
    /// The segment of each filter, and its lists.
    filters: Vec<(String, RouteMetrics)>,
}

/// What a path asks for.
#[derive(Clone, Copy)]
enum Wanted {
    Member(u64),
    List,
    /// The place of the filter, and the id that it looks for.
    Filtered(usize, u64),
}

impl FastPath {
    pub(crate) fn new(
        collections: impl Iterator<Item = Data<Served>>,
        metrics: &Data<Metrics>,
        drain: &Data<Drain>,
    ) -> Self {
        let collections = collections.map(|served| Reads::new(served, metrics)).collect();
        Self { collections, metrics: metrics.clone(), drain: drain.clone() }
    }

    /// The answer to a plain read; `None` if the application is to answer.
    pub(crate) fn answer(&self, request: &Request) -> Option<Response<BoxBody>> {
        if request.method() != Method::GET {
            return None;
        }
        let (reads, wanted) = self.route(request.path())?;
        let headers = request.headers();
        if !is_plain(request) || !names_a_host(headers, request.uri()) {
            return None;
        }
        let start = Instant::now();
        let in_flight = CountedInFlight::begin(&self.metrics);
        let (answer, position) = reads.read(request, wanted)?;
        drop(in_flight);
        let given = headers.get(REQUEST_ID).map(HeaderValue::as_bytes);
        let id = HeaderValue::from_str(&request_id(given)).ok();
        let bytes = answer.body.len() as u64;
        let mut response = Response::with_body(StatusCode::OK, BoxBody::new(answer.body.clone()));
        let head = response.headers_mut();
        answer.write(head);
        head.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        head.insert(HeaderName::from_static(POSITION), position);
        if let Some(id) = &id {
            head.insert(REQUEST_ID, id.clone());
        }
        if self.drain.has_begun() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        let ms = ms_since(start);
        let id = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
        write_line(Level::Info, &Method::GET, request.path(), 200, ms, bytes, id);
        reads.metrics(wanted).count(ms / 1_000.0);
        Some(response)
    }

    /// Finds the collection behind a path without mistakes.
    fn route(&self, path: &str) -> Option<(&Reads, Wanted)> {
        let path = path.strip_prefix("/api/")?;
        let (name, below) = match path.split_once('/') {
            Some((name, below)) => (name, Some(below)),
            None => (path, None),
        };
        let reads = self.collections.iter().find(|reads| *reads.served.collection.name == *name)?;
        let Some(below) = below else { return Some((reads, Wanted::List)) };
        let wanted = match below.split_once('/') {
            None => Wanted::Member(member_id(below)?),
            Some((segment, id)) => {
                let place = reads.filters.iter().position(|(filter, _)| filter == segment)?;
                Wanted::Filtered(place, member_id(id)?)
            }
        };
        Some((reads, wanted))
    }
}

impl Reads {
    fn new(served: Data<Served>, metrics: &Metrics) -> Self {
        let collection = &served.collection;
        let root = format!("/api/{}", collection.name);
        let of = |route: &str| metrics.of(&Method::GET, route, 200);
        let filters = collection.filters();
        let filters =
            filters.map(|(_, path)| (path.to_string(), of(&format!("{root}/{path}/{{id}}"))));
        Self {
            answers: RefCell::default(),
            position: PositionValue::default(),
            member: of(&format!("{root}/{{id}}")),
            list: of(&root),
            filters: filters.collect(),
            served,
        }
    }

    fn metrics(&self, wanted: Wanted) -> &RouteMetrics {
        match wanted {
            Wanted::Member(_) => &self.member,
            Wanted::List => &self.list,
            Wanted::Filtered(place, _) => &self.filters[place].1,
        }
    }

    /// The answer, and how far the store was before.
    fn read(&self, request: &Request, wanted: Wanted) -> Option<(ReadAnswer, HeaderValue)> {
        let Served { store, ownership_cache, collection, .. } = &**self.served;
        ownership_cache.used();
        // Before the snapshot: what is given then holds everything up to this position.
        let position = self.position.of(store.position(collection))?;
        let snapshot = store.snapshot()?;
        if !self.served.was_here() {
            return None;
        }
        let target = request.uri().path_and_query()?.as_str();
        let mut answers = self.answers.borrow_mut();
        if let Some(answer) = answers.get(target, snapshot) {
            return Some((answer, position));
        }
        let answer = self.ask(request, wanted)?;
        if !self.served.was_here() {
            return None;
        }
        answers.keep(target, snapshot, &answer);
        Some((answer, position))
    }

    fn ask(&self, request: &Request, wanted: Wanted) -> Option<ReadAnswer> {
        let (served, headers) = (&self.served, request.headers());
        let text = request.uri().query().unwrap_or_default();
        let list = |filter| {
            let query = ListQuery::read(text).ok()?;
            served.read_list(headers, request.path(), query, filter).now_or_never()
        };
        let answer = match wanted {
            Wanted::Member(id) => {
                let query = MemberQuery::read(text).ok()?;
                served.read_member(headers, id, query.view).now_or_never()
            }
            Wanted::List => list(None),
            Wanted::Filtered(place, id) => list(Some((place, id))),
        };
        answer?.ok()
    }
}

fn is_plain(request: &Request) -> bool {
    let headers = request.headers();
    !request.head().upgrade() && !NOT_PLAIN.iter().any(|name| headers.contains_key(name))
}
