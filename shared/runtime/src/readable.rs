//! Paths that can only be read.

use std::future::Future;

use actix_web::{FromRequest, Handler, Resource, Responder, web};

/// A path that takes `GET`, and `HEAD` with it.
pub fn readable<F, Args>(path: impl Into<String>, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static, Future: Future>,
    Args: FromRequest + 'static,
{
    let get = web::get().to(handler.clone());
    web::resource(path.into()).route(get).route(web::head().to(handler))
}
