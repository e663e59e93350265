//! A collection over HTTP: the same handlers for every collection, and the table of its endpoints, from
//! which both the routes and their description are made.

mod answers;
mod bounded;
mod endpoints;
mod fast_path;
mod ownership;
mod permission;
mod position;
mod read;
mod write;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};

pub(crate) use self::endpoints::{Endpoint, Success, endpoints};
pub(crate) use self::fast_path::FastPath;
use crate::served::Served;

/// Adds the routes of a collection; with `names`, also those of its members by name.
pub(crate) fn mount(config: &mut ServiceConfig, served: &Data<Served>, names: bool) {
    let collection = &served.collection;
    let root = format!("/api/{}", collection.name);
    for path in endpoints(collection, names) {
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
