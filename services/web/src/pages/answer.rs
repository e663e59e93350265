//! Answers with a page.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use maud::Markup;

use crate::layout::HTML;
use crate::visitor::Visitor;

/// 200 with a page.
pub(crate) fn answer(visitor: &Visitor, page: &Markup) -> HttpResponse {
    answer_with(StatusCode::OK, visitor, page)
}

/// A page with another status.
pub(crate) fn answer_with(status: StatusCode, visitor: &Visitor, page: &Markup) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(cookie) = visitor.token_cookie() {
        response.insert_header((header::SET_COOKIE, cookie));
    }
    response.content_type(HTML).body(page.0.clone())
}

/// 303: a form was carried out, and the browser goes on to this path. Loading that page again sends nothing again.
pub(crate) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}
