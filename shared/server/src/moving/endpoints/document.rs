//! The document of ownership, as it goes over the wire.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use replication::{PROTOCOL, SideStatus, StandingQuery};
use store::StoreError;

use super::query;
use super::refusal::StepAnswer;
use super::waiter::Waiter;
use crate::served::Served;

/// `GET -/ownership`: what the store is now. With `covers` it waits until the store is as far as that, or has waited for
/// so long.
pub(super) async fn show(request: HttpRequest, served: Data<Served>) -> StepAnswer {
    let query: StandingQuery = query::read(&request)?;
    // A program that asks this wants to know the primary. So the store looks again, even if it is not asked for
    // anything else.
    served.ownership_cache.used();
    let Some(wanted) = query.covers else { return answer(&served).await };
    let covers = || served.store.position(&served.collection) >= wanted;
    let heard = served.store.changed(&served.collection);
    let mut waiter = Waiter::new(heard, &served.moving, query::wait(query.wait));
    loop {
        waiter.looks();
        if !covers() {
            // Another program on the same database may have brought it there.
            let asked = served.ownership_cache.ask(&served.stored()).await;
            asked.map_err(served.problem(None))?;
        }
        if covers() || !waiter.news(true).await {
            return answer(&served).await;
        }
    }
}

async fn answer(served: &Served) -> StepAnswer {
    let document = read(served).await.map_err(served.problem(None))?;
    Ok(HttpResponse::Ok().json(document))
}

/// The document as it is now.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn read(served: &Served) -> Result<SideStatus, StoreError> {
    let (store, stored) = (&served.store, served.stored());
    let read = tokio::try_join!(
        served.ownership_cache.ask(&stored),
        store.followers(&served.collection),
        store.blocked_by(),
    );
    let (ownership, followers, blocked_by) = read?;
    let following = served.ownership_cache.progress.following();
    Ok(SideStatus { protocol: PROTOCOL, ownership, following, followers, blocked_by })
}
