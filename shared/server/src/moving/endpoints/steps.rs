//! The steps of a move, each of which can be repeated. Each answers the document of ownership.

use std::future::Future;
use std::time::Duration;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use models::Content;
use replication::follower::{adopt, explained};
use replication::steps::{
    Cancel, FenceWrites, Follow, Forget, HandOver, Probe, Probed, Release, Retire, Take,
};
use replication::{ChangesQuery, ErrorCode, PeerError, PeerPage};
use store::{MoveError, Peer, RowRate};
use url::Url;

use super::refusal::StepAnswer;
use super::{document, query, refusal};
use crate::body;
use crate::problem::{Fault, Problem};
use crate::served::Served;

/// `POST -/follow`: checks the source, and starts to copy and follow it. Again with the same source: says
/// how fast, and changes nothing else.
pub(super) async fn follow(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Follow { source, max_rows_per_second } = read(&request, payload).await?;
    let source = address("#/source", &source)?;
    let peers = served.moving.peers.at(&source).map_err(|error| refusal::of_peer(&error))?;
    let rate = Some(RowRate(max_rows_per_second));
    let adopted = adopt(&served.collection.name, &served.stored(), peers, &source, rate).await;
    adopted.map_err(refusal::of_adoption(&served.collection))?;
    done(&served).await
}

/// `POST -/cancel`: stops following and forgets everything that was copied.
pub(super) async fn cancel(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Cancel {} = read(&request, payload).await?;
    let store = &served.store;
    let before = served.ownership_cache.ask(&served.stored()).await;
    let before = before.map_err(served.problem(None))?;
    store.cancel(&served.collection).await.map_err(refusal::of_move(&served.collection))?;
    if let Some(followed) = before.followed {
        leave(&served, &followed.source, &before.store).await;
    }
    done(&served).await
}

/// `POST -/fence`: refuses writes for a time, once those that run have ended.
pub(super) async fn fence(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let FenceWrites { id, epoch, ms } = read(&request, payload).await?;
    let lasts = Duration::from_millis(ms);
    step(&served, served.store.fence(&served.collection, &id, epoch, lasts)).await
}

/// `POST -/release`: lets writes go on.
pub(super) async fn release(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Release { id } = read(&request, payload).await?;
    step(&served, served.store.release(&served.collection, &id)).await
}

/// `POST -/handover`: gives the ownership away.
pub(super) async fn handover(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let HandOver { id, epoch, mut to } = read(&request, payload).await?;
    to.url = address("#/to/url", &to.url)?;
    step(&served, served.store.handover(&served.collection, &id, epoch, to)).await
}

/// `POST -/retire`: ends the service of a follower whose successor owns the collection.
pub(super) async fn retire(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Retire { keep_data } = read(&request, payload).await?;
    let retired = served.store.retire(&served.collection, keep_data).await;
    let retired = retired.map_err(refusal::of_move(&served.collection))?;
    if let Some(successor) = &retired.successor {
        leave(&served, successor, &retired.store).await;
    }
    done(&served).await
}

/// `POST -/take`: takes back, by force, what was handed over to a store that is lost.
pub(super) async fn take(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Take {} = read(&request, payload).await?;
    let ownership = served.ownership_cache.ask(&served.stored()).await;
    let ownership = ownership.map_err(served.problem(None))?;
    let handed_over =
        ownership.handover.ok_or(MoveError::NeverHandedOver { epoch: ownership.epoch + 1 });
    let epoch = handed_over.map_err(refusal::of_move(&served.collection))?.epoch;
    step(&served, served.store.take(&served.collection, epoch)).await
}

/// `POST -/forget`: waits no longer for a follower that is none any more.
pub(super) async fn forget(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Forget { follower } = read(&request, payload).await?;
    query::store_id(&follower).map_err(|wrong| unreadable("#/follower", wrong))?;
    served.ownership_cache.left(&follower);
    let forgotten = served.store.forget(&served.collection, &follower).await;
    forgotten.map_err(|error| refusal::of_move(&served.collection)(error.into()))?;
    done(&served).await
}

/// `POST -/probe`: whether this program can reach, sign in to, and read the feed of a peer.
pub(super) async fn probe(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> StepAnswer {
    let Probe { peer } = read(&request, payload).await?;
    let url = address("#/peer", &peer)?;
    let probed = async {
        let peers = served.moving.peers.at(&url)?;
        let ownership = peers.ownership(&url).await?;
        let query = ChangesQuery { limit: Some(1), ..ChangesQuery::default() };
        let PeerPage::<Content> { changes, .. } = peers.changes(&url, &query).await?;
        let (role, epoch) = (ownership.role, ownership.epoch);
        Ok::<_, PeerError>(Probed { store: changes.store, lineage: changes.lineage, role, epoch })
    };
    // The caller wants to know whether it works now, so what may heal is no reason to wait.
    let failed = |error: PeerError| Problem::refused(ErrorCode::ProbeFailed, explained(&error));
    Ok(HttpResponse::Ok().json(probed.await.map_err(failed)?))
}

/// Takes a step, and answers what the store is after it.
async fn step<T>(served: &Served, step: impl Future<Output = Result<T, MoveError>>) -> StepAnswer {
    step.await.map_err(refusal::of_move(&served.collection))?;
    done(served).await
}

/// Wakes the tasks that act on the new state, and answers it.
async fn done(served: &Served) -> StepAnswer {
    let document = document::read(served).await;
    served.ownership_cache.news.notify_one();
    // The step is done, whatever became of reading what it made.
    Ok(HttpResponse::Ok().json(document.map_err(|error| refusal::perhaps(&error))?))
}

/// Tells a source that this store does not follow any more. A source that cannot be told keeps its deleted rows for
/// longer than it must.
async fn leave(served: &Served, source: &Peer, store: &str) {
    let Ok(peers) = served.moving.peers.at(&source.url) else { return };
    if let Err(error) = peers.forget(&source.url, store).await {
        log::warn!("{}: was not told that {store} follows no longer: {error}", source.url);
    }
}

async fn read<T: serde::de::DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, Problem> {
    body::read(request, payload, &[body::JSON]).await
}

/// The URL of a collection, as it is kept.
fn address(pointer: &str, text: &str) -> Result<String, Problem> {
    let read = || {
        let url = Url::parse(text).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        let address = url.as_str().trim_end_matches('/');
        (plain && nobody && web).then(|| address.to_owned())
    };
    let takes = "takes the URL of a collection, such as http://127.0.0.1:3001/api/users";
    read().ok_or_else(|| unreadable(pointer, takes))
}

fn unreadable(pointer: &str, detail: &'static str) -> Problem {
    let fault = Fault::pointer(pointer.to_owned(), detail);
    Problem::malformed("the body cannot be read", vec![fault])
}
