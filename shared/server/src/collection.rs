//! A collection over HTTP: the same handlers for every collection, and the table of its endpoints, from
//! which both the routes and their description are made.

mod endpoints;
mod ownership;
mod position;
mod read;
mod write;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use models::Collection;
use store::Store;

pub(crate) use self::endpoints::{Body, Endpoint, Success, endpoints};
pub(crate) use self::ownership::{PRIMARY, READ};
pub(crate) use self::position::POSITION;
use crate::moving::{self, Moving, OwnershipCache};
use crate::neighbour::Neighbours;
use crate::openapi;
use crate::problem::Problem;

/// A collection, and what its handlers work with.
pub(crate) struct Served {
    pub(crate) collection: Arc<Collection>,
    pub(crate) store: Arc<Store>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) ownership_cache: Arc<OwnershipCache>,
    pub(crate) moving: Arc<Moving>,
    pub(crate) read_only: bool,
}

impl Served {
    /// A store's error as an answer to a request for the member `id`.
    pub(crate) fn problem(&self, id: Option<u64>) -> impl Fn(store::StoreError) -> Problem {
        move |error| Problem::of_store(error, &self.collection.member, id)
    }
}

/// Adds the routes of a collection.
pub(crate) fn mount(config: &mut ServiceConfig, served: &Data<Served>) {
    let collection = &served.collection;
    let root = format!("/api/{}", collection.name);
    moving::mount(config, &root, served);
    openapi::mount(config, &root, collection);
    for path in endpoints(collection) {
        let mut resource = web::resource(format!("{root}{}", path.path));
        for endpoint in path.endpoints {
            resource = resource.route((endpoint.route)(endpoint.method.clone()));
            if endpoint.method == Method::GET {
                resource = resource.route((endpoint.route)(Method::HEAD));
            }
        }
        // With the resource, not with the application: that has one for each collection.
        let resource = resource.app_data(served.clone());
        config.service(resource.wrap(from_fn(position::say)));
    }
}
