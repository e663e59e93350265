//! The pages that show the board.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::try_join;
use models::{Post, Thread, User};
use serde::de::DeserializeOwned;

use crate::api::{Member, Page};
use crate::failure::Failure;
use crate::form::KEY;
use crate::kind::{Kind, POSTS, THREADS, USERS};
use crate::pages;
use crate::place::Place;
use crate::site::Site;
use crate::visitor::{Visitor, random};

/// The threads, users, or posts of a user on a page.
const LIST_ROWS: usize = 25;
/// The posts of a thread on a page.
const THREAD_ROWS: usize = 50;

/// `GET /`: the threads, the newest first.
///
/// # Errors
/// If the API does not answer.
pub(crate) async fn threads(
    request: HttpRequest,
    site: Data<Site>,
    visitor: Visitor,
) -> Result<HttpResponse, Failure> {
    let place = Place::of(&request);
    let page = site.api.list::<Thread>("/threads", "desc", LIST_ROWS, place).await?;
    let authors = page.members.iter().map(|thread| thread.value.created_by);
    let authors = site.api.known(USERS.collection, authors).await;
    let body = pages::threads(&page, &authors, place, site.read_only);
    Ok(pages::answer(&visitor, &body))
}

/// `GET /threads/{id}`: the posts of a thread, the oldest first, and the form for a reply.
///
/// # Errors
/// If there is no such thread and it left no posts, or the API does not answer.
pub(crate) async fn thread(
    request: HttpRequest,
    site: Data<Site>,
    visitor: Visitor,
    id: Path<u64>,
) -> Result<HttpResponse, Failure> {
    let (id, place) = (*id, Place::of(&request));
    let posts = Posts { list: "in-thread", order: "asc", rows: THREAD_ROWS };
    let (thread, page) = with_posts::<Thread>(&site, &THREADS, id, &posts, place).await?;
    let writer = visitor.writer.filter(|_| !site.read_only);
    let authors = page.members.iter().map(|post| post.value.user);
    let authors = authors.chain(thread.iter().map(|thread| thread.value.created_by)).chain(writer);
    let authors = site.api.known(USERS.collection, authors).await;
    let writer = pages::Writer::of(writer, &authors);
    let shown = pages::ThreadShown { id, thread: thread.as_ref(), page: &page, authors: &authors };
    let form = pages::Filled::empty(&POSTS, KEY, random()).with("thread", Some(id));
    let form = form.with("user", writer.map(|writer| writer.id));
    let body = pages::thread(&shown, place, writer, &form, &visitor, site.read_only);
    Ok(pages::answer(&visitor, &body))
}

/// `GET /users`: the users, the newest first.
///
/// # Errors
/// If the API does not answer.
pub(crate) async fn users(
    request: HttpRequest,
    site: Data<Site>,
    visitor: Visitor,
) -> Result<HttpResponse, Failure> {
    let place = Place::of(&request);
    let page = site.api.list::<User>("/users", "desc", LIST_ROWS, place).await?;
    let body = pages::users(&page, place, &visitor, site.read_only);
    Ok(pages::answer(&visitor, &body))
}

/// `GET /users/{id}`: a user, and its posts, the newest first.
///
/// # Errors
/// If there is no such user and it left no posts, or the API does not answer.
pub(crate) async fn user(
    request: HttpRequest,
    site: Data<Site>,
    visitor: Visitor,
    id: Path<u64>,
) -> Result<HttpResponse, Failure> {
    let (id, place) = (*id, Place::of(&request));
    let posts = Posts { list: "by-user", order: "desc", rows: LIST_ROWS };
    let (user, page) = with_posts::<User>(&site, &USERS, id, &posts, place).await?;
    let threads = page.members.iter().map(|post| post.value.thread);
    let threads = site.api.known(THREADS.collection, threads).await;
    let shown = pages::UserShown { id, user: user.as_ref(), page: &page, threads: &threads };
    let body = pages::user(&shown, place, &visitor, site.read_only);
    Ok(pages::answer(&visitor, &body))
}

/// The posts of a member.
struct Posts {
    /// The list of the API that has them.
    list: &'static str,
    order: &'static str,
    /// How many stand on a page.
    rows: usize,
}

/// A member, and a page of its posts. Posts stay when their member is deleted; then there is no member.
///
/// # Errors
/// If there is no such member and it left no posts, or the API does not answer.
async fn with_posts<T: DeserializeOwned>(
    site: &Site,
    kind: &Kind,
    id: u64,
    posts: &Posts,
    place: Place,
) -> Result<(Option<Member<T>>, Page<Post>), Failure> {
    let list = format!("/posts/{}/{id}", posts.list);
    let member = site.api.member::<T>(kind.collection, id);
    let page = site.api.list::<Post>(&list, posts.order, posts.rows, place);
    let (member, page) = try_join(member, page).await?;
    if member.is_none() && page.members.is_empty() {
        return Err(Failure::NoMember(kind.one));
    }
    Ok((member.map(|(member, _)| member), page))
}
