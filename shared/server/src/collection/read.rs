//! Reading members and lists of them.

use actix_web::http::header::{self, CacheDirective, ETag, EntityTag};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use models::View;
use store::{Cursor, Order, PageQuery, Shown};

use crate::conditional::{list_tag, member_tag, not_modified};
use crate::moving::{CollectionLocation, Found};
use crate::problem::Problem;
use crate::query::{ListQuery, MemberId, MemberQuery};
use crate::served::Served;

/// The media type of what is read.
pub(super) const JSON: &str = "application/json; charset=utf-8";

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
    served.must_serve(&request).await?;
    let found = served.ownership_cache.find(&served.store, id, query.view).await;
    let Shown { rev, body } = match found.map_err(served.problem(Some(id)))? {
        Found::Here(shown) => shown,
        Found::Missing(place) => return Err(missing(&served.collection.member, id, place)),
    };
    let tag = member_tag(rev, query.view);
    if not_modified(&request, &tag) {
        return Ok(unmodified(tag, ""));
    }
    Ok(answer(tag, "", body))
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
    served.must_serve(&request).await?;
    let ListQuery { limit, after, before, order, view } = query;
    let cursor = after.map(Cursor::After).or(before.map(Cursor::Before));
    let until = after.and(before);
    let wanted = PageQuery { filter, cursor, until, order, limit };
    let page = served.store.page(&served.collection, wanted, view).await;
    let page = page.map_err(served.problem(None))?;
    served.still_serves().await?;
    let next = page.next.map(|id| link(&request, &query, Cursor::After(id)));
    let prev = page.prev.map(|id| link(&request, &query, Cursor::Before(id)));
    let links: Vec<_> = next.into_iter().chain(prev).collect();
    let links = links.join(", ");
    let tag = list_tag(&page.body, &links);
    if not_modified(&request, &tag) {
        return Ok(unmodified(tag, &links));
    }
    Ok(answer(tag, &links, page.body))
}

/// What is answered for a member that this store does not have.
fn missing(member: &str, id: u64, place: CollectionLocation) -> Problem {
    let missing = Problem::no_such(member, id);
    match place {
        CollectionLocation::Here => missing,
        // This copy may not have it yet.
        CollectionLocation::Follows { primary } => missing.with_primary(primary),
        CollectionLocation::Gone { primary } => Problem::misdirected(primary),
    }
}

/// A link to the page at this edge. Relative, so that it holds behind any proxy.
fn link(request: &HttpRequest, query: &ListQuery, cursor: Cursor) -> String {
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
    let path = request.path().trim_end_matches('/');
    format!("<{path}?limit={}&{edge}{order}{view}>; rel=\"{relation}\"", query.limit)
}

fn answer(tag: EntityTag, links: &str, body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(JSON);
    revalidate(&mut response, tag, links);
    response.body(body)
}

fn unmodified(tag: EntityTag, links: &str) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    revalidate(&mut response, tag, links);
    response.finish()
}

/// What a 304 repeats of the 200 (RFC 9110, 15.4.5). A cache may keep it, but asks before each use.
fn revalidate(response: &mut actix_web::HttpResponseBuilder, tag: EntityTag, links: &str) {
    response.insert_header(ETag(tag));
    response.insert_header(header::CacheControl(vec![CacheDirective::NoCache]));
    if !links.is_empty() {
        response.insert_header((header::LINK, links));
    }
}
