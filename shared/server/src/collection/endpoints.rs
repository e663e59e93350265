//! The table of a collection's endpoints. Routes and description are both made from it, so neither
//! can say what the other does not.

use actix_web::Route;
use actix_web::http::Method;
use actix_web::web::{self, Data, Payload};
use models::Collection;

use super::bounded::bounded;
use super::{read, write};
use crate::body::Body;
use crate::problem::NAMED;
use crate::query::{
    LIST_PARAMETERS, ListQuery, MEMBER_NAME, MEMBER_PARAMETERS, MemberId, MemberName, MemberQuery,
    NoQuery, QueryParameter,
};
use crate::served::Served;

/// A path below the collection's own, and what it takes.
pub(crate) struct Path {
    /// Empty for the collection itself; `{id}` stands for an id.
    pub(crate) path: String,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// A method on a path.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    /// One sentence for the reader of the documentation.
    pub(crate) summary: String,
    pub(crate) parameters: &'static [QueryParameter],
    /// What the request carries.
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
    /// Makes the route for a method, so that `HEAD` runs what `GET` does.
    pub(crate) route: Box<dyn Fn(Method) -> Route>,
}

impl Endpoint {
    /// Whether it writes.
    pub(crate) fn is_write(&self) -> bool {
        !matches!(self.success, Success::List | Success::Member)
    }
}

/// The answer if all goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    /// 200 with an array in the view asked for.
    List,
    /// 200 with a member in the view asked for.
    Member,
    /// 201 with the new member in the full view.
    Created,
    /// 200 with the member in the full view.
    Changed,
    /// 204.
    Deleted,
}

/// Every endpoint of a collection; with `names`, also those of its members by their unique field.
pub(crate) fn endpoints(collection: &Collection, names: bool) -> Vec<Path> {
    let Collection { name: all, member: one, .. } = collection;
    let every = Path {
        path: String::new(),
        endpoints: vec![
            Endpoint {
                method: Method::GET,
                summary: format!("List {all}, by id."),
                parameters: LIST_PARAMETERS,
                body: None,
                success: Success::List,
                route: Box::new(|method| {
                    web::method(method).to(|request, served, query: ListQuery| {
                        bounded(read::list(request, served, query, None))
                    })
                }),
            },
            Endpoint {
                method: Method::POST,
                summary: format!("Store a {one}."),
                parameters: &[],
                body: Some(Body::Whole),
                success: Success::Created,
                route: Box::new(|method| {
                    web::method(method).to(
                        |request, served: Data<Served>, _: NoQuery, body: Payload| {
                            write::create(request, served, body)
                        },
                    )
                }),
            },
        ],
    };
    let member = Path { path: "/{id}".into(), endpoints: member(one) };
    let filters = collection.filters().enumerate().map(|(place, (field, path))| Path {
        path: format!("/{path}/{{id}}"),
        endpoints: vec![Endpoint {
            method: Method::GET,
            summary: format!("List the {all} of one {}, by id.", field.name),
            parameters: LIST_PARAMETERS,
            body: None,
            success: Success::List,
            route: Box::new(move |method| {
                web::method(method).to(move |request, served, id: MemberId, query: ListQuery| {
                    bounded(read::list(request, served, query, Some((place, id.0))))
                })
            }),
        }],
    });
    let named = collection.unique().filter(|_| names).map(|field| named(one, &field.name));
    [every, member].into_iter().chain(named).chain(filters).collect()
}

/// A member by its name.
fn named(one: &str, field: &str) -> Path {
    let endpoint = Endpoint {
        method: Method::GET,
        summary: format!("Read the {one} of a {field}."),
        parameters: MEMBER_PARAMETERS,
        body: None,
        success: Success::Member,
        route: Box::new(|method| {
            web::method(method).to(|request, served, name: MemberName, query: MemberQuery| {
                bounded(read::find_named(request, served, name, query))
            })
        }),
    };
    Path { path: format!("/{NAMED}/{{{MEMBER_NAME}}}"), endpoints: vec![endpoint] }
}

fn member(one: &str) -> Vec<Endpoint> {
    vec![
        Endpoint {
            method: Method::GET,
            summary: format!("Read a {one}."),
            parameters: MEMBER_PARAMETERS,
            body: None,
            success: Success::Member,
            route: Box::new(|method| {
                web::method(method).to(|request, served, id: MemberId, query: MemberQuery| {
                    bounded(read::find(request, served, id, query))
                })
            }),
        },
        Endpoint {
            method: Method::PUT,
            summary: format!("Replace a {one}."),
            parameters: &[],
            body: Some(Body::Whole),
            success: Success::Changed,
            route: Box::new(|method| {
                web::method(method).to(
                    |request, served, id: MemberId, _: NoQuery, body: Payload| {
                        write::change(request, served, id, Body::Whole, body)
                    },
                )
            }),
        },
        Endpoint {
            method: Method::PATCH,
            summary: format!("Change some fields of a {one}."),
            parameters: &[],
            body: Some(Body::Patch),
            success: Success::Changed,
            route: Box::new(|method| {
                web::method(method).to(
                    |request, served, id: MemberId, _: NoQuery, body: Payload| {
                        write::change(request, served, id, Body::Patch, body)
                    },
                )
            }),
        },
        Endpoint {
            method: Method::DELETE,
            summary: format!("Delete a {one}."),
            parameters: &[],
            body: None,
            success: Success::Deleted,
            route: Box::new(|method| {
                web::method(method).to(|request, served, id: MemberId, _: NoQuery| {
                    bounded(write::delete(request, served, id))
                })
            }),
        },
    ]
}
