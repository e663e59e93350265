//! The time limit of a request's work.

use std::future::Future;

use actix_web::HttpResponse;
use store::in_time;

use crate::limits::{SETTLE_TIME, WORK_TIME};
use crate::problem::Problem;

/// Gives up on work that takes too long, so that it cannot outlive a shutdown.
pub(super) async fn bounded(
    work: impl Future<Output = Result<HttpResponse, Problem>>,
) -> Result<HttpResponse, Problem> {
    in_time(WORK_TIME, SETTLE_TIME, work).await.unwrap_or_else(|late| {
        log::warn!("a request was given up after {} s: {late:?}", WORK_TIME.as_secs());
        Err(Problem::late(late, WORK_TIME))
    })
}
