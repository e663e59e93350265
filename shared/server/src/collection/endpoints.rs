//! The table of a collection's endpoints. Routes and description are both made from it, so neither
//! can say what the other does not.

use std::future::Future;

use actix_web::http::Method;
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpResponse, Route};
use models::Model;
use store::{Record, in_time};

use super::{Collection, read, write};
use crate::limits::{SETTLE_TIME, WORK_TIME};
use crate::problem::Problem;
use crate::query::{
    LIST_PARAMETERS, ListQuery, MEMBER_PARAMETERS, MemberId, MemberQuery, NoQuery, Parameter,
};

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
    pub(crate) parameters: &'static [Parameter],
    /// What the request carries.
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
    /// Makes the route for a method, so that `HEAD` runs what `GET` does.
    pub(crate) route: Box<dyn Fn(Method) -> Route>,
}

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Everything that a client may write.
    Whole,
    /// Some of it (RFC 7396).
    Patch,
}

/// What the answer is where all goes well.
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

/// Every endpoint of a collection.
pub(crate) fn endpoints<R: Record>() -> Vec<Path> {
    let (all, one) = (R::TABLE.name, <R::Content as Model>::NAME);
    let collection = Path {
        path: String::new(),
        endpoints: vec![
            Endpoint {
                method: Method::GET,
                summary: format!("List {all}, by id."),
                parameters: LIST_PARAMETERS,
                body: None,
                success: Success::List,
                route: Box::new(|method| {
                    web::method(method).to(|request, collection, query: ListQuery| {
                        bounded(read::list::<R>(request, collection, query, None))
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
                        |request, collection: Data<Collection<R>>, _: NoQuery, body: Payload| {
                            write::create::<R>(request, collection, body)
                        },
                    )
                }),
            },
        ],
    };
    let member = Path { path: "/{id}".into(), endpoints: member::<R>(one) };
    let filters = R::TABLE.filters.iter().enumerate().map(|(place, filter)| Path {
        path: format!("/{}/{{id}}", filter.path),
        endpoints: vec![Endpoint {
            method: Method::GET,
            summary: format!("List the {all} of one {}, by id.", field::<R>(filter.column)),
            parameters: LIST_PARAMETERS,
            body: None,
            success: Success::List,
            route: Box::new(move |method| {
                web::method(method).to(
                    move |request, collection, id: MemberId, query: ListQuery| {
                        bounded(read::list::<R>(request, collection, query, Some((place, id.0))))
                    },
                )
            }),
        }],
    });
    [collection, member].into_iter().chain(filters).collect()
}

/// The field that is kept in this column: both are in wire order.
pub(crate) fn field<R: Record>(column: &'static str) -> &'static str {
    let mut fields = R::TABLE.columns.iter().zip(<R::Content as Model>::FIELDS);
    fields.find(|(kept, _)| kept.name == column).map_or(column, |(_, field)| field.name)
}

fn member<R: Record>(one: &str) -> Vec<Endpoint> {
    vec![
        Endpoint {
            method: Method::GET,
            summary: format!("Read a {one}."),
            parameters: MEMBER_PARAMETERS,
            body: None,
            success: Success::Member,
            route: Box::new(|method| {
                web::method(method).to(|request, collection, id: MemberId, query: MemberQuery| {
                    bounded(read::find::<R>(request, collection, id, query))
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
                    |request, collection, id: MemberId, _: NoQuery, body: Payload| {
                        write::change::<R>(request, collection, id, Body::Whole, body)
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
                    |request, collection, id: MemberId, _: NoQuery, body: Payload| {
                        write::change::<R>(request, collection, id, Body::Patch, body)
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
                web::method(method).to(|request, collection, id: MemberId, _: NoQuery| {
                    bounded(write::delete::<R>(request, collection, id))
                })
            }),
        },
    ]
}

/// Gives up on work that takes too long, so that it cannot outlive a shutdown.
pub(super) async fn bounded(
    work: impl Future<Output = Result<HttpResponse, Problem>>,
) -> Result<HttpResponse, Problem> {
    in_time(WORK_TIME, SETTLE_TIME, work).await.unwrap_or_else(|late| {
        log::warn!("a request was given up after {} s: {late:?}", WORK_TIME.as_secs());
        Err(Problem::late(late, WORK_TIME))
    })
}
