//! The description of a collection (OpenAPI 3.1), made from the table that makes its routes and from
//! the rules that check its fields.

mod access;
mod document;
mod page;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use models::Collection;
use runtime::readable;

pub(crate) use self::access::Access;

/// Adds `openapi.json` and `docs` below the collection's path. Both are made once.
pub(crate) fn mount(config: &mut ServiceConfig, collection: &Collection, access: &Access) {
    let root = format!("/api/{}", collection.name);
    let document = document::document(collection, access);
    let source = format!("{root}/openapi.json");
    let html = page::page(&document, &source);
    serve(config, format!("{root}/docs"), "text/html; charset=utf-8", html, &page::HEADERS);
    let document = format!("{document:#}\n");
    serve(config, source, "application/json; charset=utf-8", document, &[]);
}

fn serve(
    config: &mut ServiceConfig,
    path: String,
    media_type: &'static str,
    body: String,
    headers: &'static [(&str, &str)],
) {
    let body = web::Bytes::from(body);
    config.service(readable(path, move || {
        let body = body.clone();
        async move {
            let mut response = HttpResponse::Ok();
            response.content_type(media_type);
            headers.iter().for_each(|header| _ = response.insert_header(*header));
            response.body(body)
        }
    }));
}
