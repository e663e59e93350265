//! The user that a browser writes as.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use models::User;

use crate::failure::Failure;
use crate::form::Form;
use crate::kind::USERS;
use crate::pages;
use crate::site::Site;
use crate::visitor::Visitor;

/// `POST /writer`: the browser writes as this user from now on.
///
/// # Errors
/// If there is no such user, or the API does not answer.
pub(crate) async fn choose(
    site: Data<Site>,
    visitor: Visitor,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let id = form.id("user").ok_or(Failure::BadForm)?;
    site.api.member::<User>(USERS.collection, id).await?.ok_or(Failure::NoMember(USERS.one))?;
    let mut response = pages::see_other(&format!("/users/{id}"));
    write_as(&mut response, &visitor, id);
    Ok(response)
}

/// Makes the browser that gets this answer write as this user.
pub(crate) fn write_as(response: &mut HttpResponse, visitor: &Visitor, id: u64) {
    if let Ok(cookie) = HeaderValue::from_str(&visitor.writer_cookie(id)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
