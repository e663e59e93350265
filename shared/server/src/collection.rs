//! A collection over HTTP: the same handlers for every record, and the table of its endpoints, from
//! which both the routes and their description are made.

mod endpoints;
mod ownership;
mod position;
mod read;
mod write;

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use models::Model;
use store::{Record, Store};

pub(crate) use self::endpoints::{Body, Endpoint, Success, endpoints, field};
pub(crate) use self::ownership::{PRIMARY, READ};
pub(crate) use self::position::POSITION;
use crate::moving::{self, Moving, OwnershipCache};
use crate::neighbour::Neighbours;
use crate::openapi;
use crate::problem::Problem;

/// What the handlers of one collection work with.
pub(crate) struct Collection<R> {
    pub(crate) store: Arc<Store>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) ownership_cache: Arc<OwnershipCache>,
    pub(crate) moving: Arc<Moving>,
    pub(crate) read_only: bool,
    pub(crate) record: std::marker::PhantomData<R>,
}

impl<R: Record> Collection<R> {
    /// A store's error as an answer to a request for the member `id`.
    pub(crate) fn problem(id: Option<u64>) -> impl Fn(store::StoreError) -> Problem {
        move |error| Problem::of_store(error, <R::Content as Model>::NAME, id)
    }
}

/// Adds the routes of a collection.
pub(crate) fn mount<R: Record>(config: &mut ServiceConfig, collection: Data<Collection<R>>) {
    let root = format!("/api/{}", R::TABLE.name);
    moving::mount::<R>(config, &root, &collection);
    config.app_data(collection);
    openapi::mount::<R>(config, &root);
    for path in endpoints::<R>() {
        let mut resource = web::resource(format!("{root}{}", path.path));
        for endpoint in path.endpoints {
            resource = resource.route((endpoint.route)(endpoint.method.clone()));
            if endpoint.method == actix_web::http::Method::GET {
                resource = resource.route((endpoint.route)(actix_web::http::Method::HEAD));
            }
        }
        config.service(resource.wrap(from_fn(position::say::<R>)));
    }
}
