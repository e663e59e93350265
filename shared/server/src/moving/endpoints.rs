//! What other programs ask under `/-/`, with the token. Without it none of these paths is there, and none is there for a
//! request that came through a refactor proxy.

mod changes;
mod compare;
mod document;
mod query;
mod refusal;
mod steps;
mod waiter;

use actix_web::guard::fn_guard;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Data, ServiceConfig};

use crate::served::Served;

/// What a refactor proxy calls itself in `Via` begins with this.
const PROXY: &[u8] = b"refactor-";

/// Whether a request came through a refactor proxy. Its clients ask for no move.
fn is_proxied(headers: &HeaderMap) -> bool {
    let mut vias = headers.get_all(header::VIA);
    vias.any(|via| via.as_bytes().windows(PROXY.len()).any(|part| part == PROXY))
}

/// Adds the paths below the collection's own.
pub(crate) fn mount(config: &mut ServiceConfig, served: &Data<Served>) {
    let Some(token) = served.moving.token.clone() else { return };
    // A request that the guard refuses gets the answer for paths that do not exist.
    let shown = fn_guard(move |request| {
        let headers = request.head().headers();
        let shown = headers.get(header::AUTHORIZATION);
        shown.is_some_and(|shown| token.shown_by(shown.as_bytes())) && !is_proxied(headers)
    });
    let get = |path: &str, route: actix_web::Route| web::resource(path.to_owned()).route(route);
    let post = get;
    config.service(
        web::scope(&format!("/api/{}/-", served.collection.name))
            .guard(shown)
            .app_data(served.clone())
            .service(get("/ownership", web::get().to(document::show)))
            .service(get("/changes", web::get().to(changes::changes)))
            .service(get("/digest", web::get().to(compare::digest)))
            .service(
                get("/hashes", web::get().to(compare::hashes))
                    .route(web::post().to(compare::named)),
            )
            .service(post("/follow", web::post().to(steps::follow)))
            .service(post("/cancel", web::post().to(steps::cancel)))
            .service(post("/probe", web::post().to(steps::probe)))
            .service(post("/fence", web::post().to(steps::fence)))
            .service(post("/release", web::post().to(steps::release)))
            .service(post("/handover", web::post().to(steps::handover)))
            .service(post("/retire", web::post().to(steps::retire)))
            .service(post("/take", web::post().to(steps::take)))
            .service(post("/forget", web::post().to(steps::forget))),
    );
}
