//! What a load balancer and an orchestrator ask (`/healthz`, `/readyz`), and the board's greeting.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use replication::calls::Moving;
use runtime::{Drain, chain};
use store::Store;
use tokio::time::timeout;

use crate::limits;
use crate::problem::Problem;

/// `GET /`: the original board's answer.
pub(crate) async fn root() -> &'static str {
    "Ready to receive requests"
}

/// `GET /api`: the original board's answer.
pub(crate) async fn api() -> &'static str {
    "API ready to receive requests"
}

/// `GET /healthz`: the process is alive. It does not ask the database: if that is down, no service is restarted.
pub(crate) async fn alive() -> &'static str {
    "alive"
}

/// `GET /readyz`: the program was not told to stop, the store can be reached, every follower has copied all rows, and at least one collection is near
/// enough to its source to be read.
///
/// # Errors
/// 503 otherwise.
pub(crate) async fn ready(
    store: Data<Arc<Store>>,
    moving: Data<Arc<Moving>>,
    drain: Data<Drain>,
) -> Result<HttpResponse, Problem> {
    if drain.is_leaving() {
        return Err(Problem::unavailable("this program is stopping"));
    }
    let asked = timeout(limits::READY_TIME, store.ping()).await;
    let asked = asked.map_err(|_elapsed| Problem::unavailable("the store does not answer"))?;
    asked.map_err(|error| {
        log::warn!("not ready: {}", chain(&error));
        Problem::unavailable("the store cannot be reached")
    })?;
    if let Some(ownership_cache) =
        moving.ownership_caches.iter().find(|ownership_cache| !ownership_cache.known().ready)
    {
        let detail = format!("{} are still being copied", ownership_cache.name());
        return Err(Problem::unavailable(detail));
    }
    if moving.ownership_caches.iter().all(|ownership_cache| ownership_cache.is_unread()) {
        let detail = "this copy is too far behind its source, or does not know how far";
        return Err(Problem::unavailable(detail));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready"))
}
