//! What other programs ask under `/-/`, with the token. Without it none of these paths is there, and none is there for a
//! request that came through a refactor proxy.

use actix_web::guard::fn_guard;
use actix_web::http::header;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use replication::calls::{Call, is_proxied};

use crate::body;
use crate::problem::Problem;
use crate::served::Served;

/// Adds the paths below the collection's own.
pub(crate) fn mount(config: &mut ServiceConfig, served: &Data<Served>) {
    let Some(token) = served.moving.token.clone() else { return };
    // A request that the guard refuses gets the answer for paths that do not exist.
    let shown = fn_guard(move |request| {
        let headers = request.head().headers();
        let shown = headers.get(header::AUTHORIZATION);
        let vias = headers.get_all(header::VIA).map(|via| via.as_bytes());
        shown.is_some_and(|shown| token.shown_by(shown.as_bytes())) && !is_proxied(vias)
    });
    let scope = web::scope(&format!("/api/{}/-", served.collection.name));
    let scope = scope.guard(shown).app_data(served.clone());
    config.service(resources().into_iter().fold(scope, |scope, resource| scope.service(resource)));
}

/// One for each path; some take more than one method.
fn resources() -> Vec<Resource> {
    let mut resources: Vec<(&str, Resource)> = Vec::new();
    for call in Call::ALL {
        let route = if call.has_body() { web::post() } else { web::get() };
        let route =
            route.to(move |request, served, payload| answer(call, request, served, payload));
        let path = call.segment();
        let resource = match resources.pop_if(|(last, _)| *last == path) {
            Some((_, resource)) => resource,
            None => web::resource(format!("/{path}")),
        };
        resources.push((path, resource.route(route)));
    }
    resources.into_iter().map(|(_, resource)| resource).collect()
}

async fn answer(
    call: Call,
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body = if call.has_body() {
        body::json(&request, payload).await.map_err(Problem::coded)?
    } else {
        Default::default()
    };
    let answer = served.answering().answer(call, request.query_string(), &body).await?;
    Ok(HttpResponse::Ok().content_type(runtime::JSON).body(answer))
}
