//! What the console answers, with the fields that keep its pages to themselves.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use maud::Markup;

/// Nothing but the console's own files, no script or style in a page, and no other page around it
/// (Content Security Policy Level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The URL at which the browser goes on.
    location: Option<String>,
    cookie: Option<String>,
}

impl Answer {
    /// A page.
    pub(crate) fn page(status: u16, page: Markup) -> Self {
        Self { status, body: page.into_string(), location: None, cookie: None }
    }

    /// Another page is to be read (303, RFC 9110, 15.4.4). Its URL holds no secret.
    pub(crate) fn see(location: impl Into<String>) -> Self {
        Self { status: 303, body: String::new(), location: Some(location.into()), cookie: None }
    }

    /// The same with a cookie.
    pub(crate) fn with_cookie(self, cookie: String) -> Self {
        Self { cookie: Some(cookie), ..self }
    }

    pub(crate) fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        protect(&mut response);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(cookie) = self.cookie {
            response.insert_header((header::SET_COOKIE, cookie));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        response.content_type("text/html; charset=utf-8").body(self.body)
    }
}

/// A file of the console. Its URL changes with it.
pub(crate) fn file(content_type: &'static str, text: &'static str) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    protect(&mut response);
    response.insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"));
    response.content_type(content_type).body(text)
}

/// What every answer says. With `no-referrer` a browser would say that a form comes from `null`
/// (Fetch, "append a request Origin header").
pub(crate) fn protect(response: &mut actix_web::HttpResponseBuilder) {
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((header::X_FRAME_OPTIONS, "DENY"));
    response.insert_header((header::REFERRER_POLICY, "same-origin"));
    response.insert_header(("cross-origin-opener-policy", "same-origin"));
    response.insert_header(("cross-origin-resource-policy", "same-origin"));
}
