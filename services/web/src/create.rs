//! New users, threads and posts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use models::User;
use serde_json::Value;

use crate::api::{Known, Refusal};
use crate::failure::Failure;
use crate::form::{Form, KEY};
use crate::kind::{Kind, POSTS, THREADS, USERS};
use crate::pages::{self, Filled, Writer};
use crate::site::Site;
use crate::visitor::{Visitor, random};
use crate::writer::write_as;

/// `GET /users/new`: the form for a user.
///
/// # Errors
/// If the board is read-only.
pub(crate) async fn new_user(site: Data<Site>, visitor: Visitor) -> Result<HttpResponse, Failure> {
    site.must_write()?;
    let form = Filled::empty(&USERS, KEY, random());
    Ok(pages::answer(&visitor, &pages::new_user(&form, &visitor)))
}

/// `POST /users`: stores a user. From now on the browser writes as this user.
///
/// # Errors
/// If the form is refused. What is wrong with its fields is shown in the form, with the status of the reason.
pub(crate) async fn user(
    site: Data<Site>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let refusal = match store(&site, &USERS, &form, &form.guard(KEY)?).await {
        Ok(user) => {
            let id = id_of(&user);
            let mut response = pages::see_other(&format!("/users/{id}"));
            write_as(&mut response, &visitor, id);
            return Ok(response);
        }
        Err(refusal) => refusal,
    };
    let (status, filled) = refused(&USERS, &form, refusal);
    Ok(pages::answer_with(status, &visitor, &pages::new_user(&filled, &visitor)))
}

/// `GET /threads/new`: the form for a thread.
///
/// # Errors
/// If the board is read-only.
pub(crate) async fn new_thread(
    site: Data<Site>,
    visitor: Visitor,
) -> Result<HttpResponse, Failure> {
    site.must_write()?;
    let known = site.api.known(USERS.collection, visitor.writer).await;
    let writer = Writer::of(visitor.writer, &known);
    let form = Filled::empty(&THREADS, KEY, random());
    let form = form.with("createdBy", writer.map(|writer| writer.id));
    Ok(pages::answer(&visitor, &pages::new_thread(&form, writer, &visitor)))
}

/// `POST /threads`: stores a thread.
///
/// # Errors
/// As for a user.
pub(crate) async fn thread(
    site: Data<Site>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let refusal = match store(&site, &THREADS, &form, &form.guard(KEY)?).await {
        Ok(thread) => return Ok(pages::see_other(&format!("/threads/{}", id_of(&thread)))),
        Err(refusal) => refusal,
    };
    let (status, filled) = refused(&THREADS, &form, refusal);
    let known = known_writer(&site, &visitor, status).await;
    let writer = Writer::of(visitor.writer, &known);
    let filled = filled.with("createdBy", writer.map(|writer| writer.id));
    let page = pages::new_thread(&filled, writer, &visitor);
    Ok(pages::answer_with(status, &visitor, &page))
}

/// `POST /threads/{id}/posts`: stores a post in the thread.
///
/// # Errors
/// As for a user.
pub(crate) async fn post(
    site: Data<Site>,
    visitor: Visitor,
    thread: Path<u64>,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let refusal = match store(&site, &POSTS, &form, &form.guard(KEY)?).await {
        Ok(post) => return Ok(pages::see_other(&pages::path_of(&POSTS, id_of(&post), &post))),
        Err(refusal) => refusal,
    };
    let (status, filled) = refused(&POSTS, &form, refusal);
    let known = known_writer(&site, &visitor, status).await;
    let writer = Writer::of(visitor.writer, &known);
    let filled = filled.with("user", writer.map(|writer| writer.id));
    let page = pages::reply(*thread, &filled, writer, &visitor);
    Ok(pages::answer_with(status, &visitor, &page))
}

async fn store(site: &Site, kind: &Kind, form: &Form, key: &str) -> Result<Value, Refusal> {
    site.api.create(kind.collection, key, &kind.new_body(form).into()).await
}

/// The writer for a form that is shown again with this status. If the API has just not answered, it is not asked once more.
async fn known_writer(site: &Site, visitor: &Visitor, status: StatusCode) -> Known<User> {
    let asked = visitor.writer.filter(|_| !status.is_server_error());
    site.api.known(USERS.collection, asked).await
}

fn id_of(member: &Value) -> u64 {
    member["id"].as_u64().unwrap_or_default()
}

/// The form again, with the reason, and with what was written. The key stays, so that sending it again stores it once. Only if
/// the key is used up, there is a new one.
fn refused(kind: &'static Kind, form: &Form, refusal: Refusal) -> (StatusCode, Filled) {
    let key = match refusal {
        Refusal::KeyUsed => random(),
        _ => form.text(KEY),
    };
    (pages::status_of(&refusal), Filled::of(kind, form, KEY, key, refusal))
}
