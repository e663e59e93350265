//! Reading members and lists of them.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use models::View;
use store::{Cursor, Order, PageQuery, Shown};

use crate::conditional::{list_tag, member_tag, not_modified};
use crate::moving::Found;
use crate::problem::Problem;
use crate::query::{ListQuery, MemberId, MemberName, MemberQuery};
use crate::served::Served;
use replication::follower::CollectionLocation;

/// The media type of what is read.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// What a read answers with 200. To clone it copies no bytes.
#[derive(Clone)]
pub(super) struct ReadAnswer {
    etag: HeaderValue,
    links: Option<HeaderValue>,
    pub(super) body: Bytes,
}

/// `GET /api/<collection>/{id}`: one member in the view asked for, with its `ETag`.
///
/// # Errors
/// 400 for a malformed id or query; 404 if there is no such member; 421 if the collection is gone.
pub(super) async fn find(
    request: HttpRequest,
    served: Data<Served>,
    MemberId(id): MemberId,
    query: MemberQuery,
) -> Result<HttpResponse, Problem> {
    let answer = served.read_member(request.headers(), id, query.view).await?;
    Ok(answer.unless_known(&request))
}

/// `GET /api/<collection>/named/{name}`: the member with this text in its unique field, in the view asked for.
///
/// # Errors
/// Those of [`find`].
pub(super) async fn find_named(
    request: HttpRequest,
    served: Data<Served>,
    MemberName(name): MemberName,
    MemberQuery { view }: MemberQuery,
) -> Result<HttpResponse, Problem> {
    served.must_serve(request.headers()).await?;
    let found = served.stored().find_named(&served.ownership_cache, &name, view).await;
    match found.map_err(served.problem(None))? {
        Found::Here(Shown { rev, body }) => {
            let answer = ReadAnswer::new(&member_tag(rev, view).to_string(), "", body)?;
            Ok(answer.unless_known(&request))
        }
        Found::Missing(place) => {
            Err(missing(Problem::no_such_named(&served.collection.member), place))
        }
    }
}

/// `GET /api/<collection>` and below a filter: a page of members, with its `ETag` and with `Link`s to
/// the pages around it (RFC 8288).
///
/// # Errors
/// 400 for a malformed id or query; 421 if the collection is gone.
pub(super) async fn list(
    request: HttpRequest,
    served: Data<Served>,
    query: ListQuery,
    filter: Option<(usize, u64)>,
) -> Result<HttpResponse, Problem> {
    let answer = served.read_list(request.headers(), request.path(), query, filter).await?;
    Ok(answer.unless_known(&request))
}

impl Served {
    /// The answer to [`find`].
    pub(super) async fn read_member(
        &self,
        headers: &HeaderMap,
        id: u64,
        view: View,
    ) -> Result<ReadAnswer, Problem> {
        self.must_serve(headers).await?;
        let found = self.stored().find(&self.ownership_cache, id, view).await;
        match found.map_err(self.problem(Some(id)))? {
            Found::Here(Shown { rev, body }) => {
                ReadAnswer::new(&member_tag(rev, view).to_string(), "", body)
            }
            Found::Missing(place) => {
                Err(missing(Problem::no_such(&self.collection.member, id), place))
            }
        }
    }

    /// The answer to [`list`].
    pub(super) async fn read_list(
        &self,
        headers: &HeaderMap,
        path: &str,
        query: ListQuery,
        filter: Option<(usize, u64)>,
    ) -> Result<ReadAnswer, Problem> {
        self.must_serve(headers).await?;
        let ListQuery { limit, after, before, order, view } = query;
        let cursor = after.map(Cursor::After).or(before.map(Cursor::Before));
        let until = after.and(before);
        let wanted = PageQuery { filter, cursor, until, order, limit };
        let page = self.store.page(&self.collection, wanted, view).await;
        let page = page.map_err(self.problem(None))?;
        self.still_serves().await?;
        let next = page.next.map(|id| link(path, &query, Cursor::After(id)));
        let prev = page.prev.map(|id| link(path, &query, Cursor::Before(id)));
        let links: Vec<_> = next.into_iter().chain(prev).collect();
        let links = links.join(", ");
        ReadAnswer::new(&list_tag(&page.body, &links).to_string(), &links, page.body)
    }
}

impl ReadAnswer {
    pub(super) fn new(etag: &str, links: &str, body: Vec<u8>) -> Result<Self, Problem> {
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_error| Problem::internal());
        let links = if links.is_empty() { None } else { Some(value(links)?) };
        Ok(Self { etag: value(etag)?, links, body: body.into() })
    }

    /// 200, or 304 if the client has it already.
    fn unless_known(self, request: &HttpRequest) -> HttpResponse {
        if not_modified(request, &self.etag) {
            let mut response = HttpResponse::NotModified().finish();
            self.revalidate(response.headers_mut());
            return response;
        }
        let mut response = HttpResponse::Ok().body(self.body.clone());
        self.write(response.headers_mut());
        response
    }

    /// The header fields of a 200.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        self.revalidate(headers);
    }

    /// What a 304 repeats of the 200 (RFC 9110, 15.4.5). A cache may keep it, but asks before each use.
    fn revalidate(self, headers: &mut HeaderMap) {
        headers.insert(header::ETAG, self.etag);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(links) = self.links {
            headers.insert(header::LINK, links);
        }
    }
}

/// What is answered for a member that this store does not have.
fn missing(missing: Problem, place: CollectionLocation) -> Problem {
    match place {
        CollectionLocation::Here => missing,
        // This copy may not have it yet.
        CollectionLocation::Follows { primary } => missing.with_primary(primary),
        CollectionLocation::Gone { primary } => Problem::misdirected(primary),
    }
}

/// A link to the page at this edge. Relative, so that it holds behind any proxy.
fn link(path: &str, query: &ListQuery, cursor: Cursor) -> String {
    let (edge, relation) = match cursor {
        Cursor::After(id) => match query.after.and(query.before) {
            Some(until) => (format!("after={id}&before={until}"), "next"),
            None => (format!("after={id}"), "next"),
        },
        Cursor::Before(id) => (format!("before={id}"), "prev"),
    };
    let view = match query.view {
        View::Basic => "",
        View::Full => "&view=full",
    };
    let order = match query.order {
        Order::Ascending => "",
        Order::Descending => "&order=desc",
    };
    let path = path.trim_end_matches('/');
    format!("<{path}?limit={}&{edge}{order}{view}>; rel=\"{relation}\"", query.limit)
}
