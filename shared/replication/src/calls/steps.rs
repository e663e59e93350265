//! The steps of a move, each of which can be repeated. Each answers the document of ownership.

use std::future::Future;
use std::time::Duration;

use runtime::RequestFault;
use url::Url;

use super::refused::{of_adoption, of_peer};
use super::{Answering, CallRefusal, ServedStore, document, query};
use crate::follower::{adopt, explained};
use crate::steps::{
    Cancel, FenceWrites, Follow, Forget, HandOver, Probe, Probed, Release, Retire, Take,
};
use crate::{ChangesQuery, ErrorCode, MoveError, Peer, PeerError, PeerPage, RowRate, SideStatus};

type Done = Result<SideStatus, CallRefusal>;

/// `POST -/follow`: checks the source, and starts to copy and follow it. Again with the same source: says
/// how fast, and changes nothing else.
pub(super) async fn follow<S: ServedStore>(
    served: &Answering<S>,
    Follow { source, max_rows_per_second }: Follow,
) -> Done {
    let source = address("#/source", &source)?;
    let peers = served.moving.peers.at(&source).map_err(|error| of_peer(&error))?;
    let rate = Some(RowRate(max_rows_per_second));
    let adopted = adopt(served.cache.name(), &served.store, peers, &source, rate).await;
    adopted.map_err(of_adoption(&served.store))?;
    done(served).await
}

/// `POST -/cancel`: stops following and forgets everything that was copied.
pub(super) async fn cancel<S: ServedStore>(served: &Answering<S>, Cancel {}: Cancel) -> Done {
    let before = served.cache.ask(&served.store).await.map_err(served.failed())?;
    served.store.cancel().await.map_err(served.refused())?;
    if let Some(followed) = before.followed {
        leave(served, &followed.source, &before.store).await;
    }
    done(served).await
}

/// `POST -/fence`: refuses writes for a time, once those that run have ended.
pub(super) async fn fence<S: ServedStore>(
    served: &Answering<S>,
    FenceWrites { id, epoch, ms }: FenceWrites,
) -> Done {
    step(served, served.store.fence(&id, epoch, Duration::from_millis(ms))).await
}

/// `POST -/release`: lets writes go on.
pub(super) async fn release<S: ServedStore>(
    served: &Answering<S>,
    Release { id }: Release,
) -> Done {
    step(served, served.store.release(&id)).await
}

/// `POST -/handover`: gives the ownership away.
pub(super) async fn handover<S: ServedStore>(
    served: &Answering<S>,
    HandOver { id, epoch, mut to }: HandOver,
) -> Done {
    to.url = address("#/to/url", &to.url)?;
    step(served, served.store.handover(&id, epoch, to)).await
}

/// `POST -/retire`: ends the service of a follower whose successor owns the collection.
pub(super) async fn retire<S: ServedStore>(
    served: &Answering<S>,
    Retire { keep_data }: Retire,
) -> Done {
    let retired = served.store.retire(keep_data).await.map_err(served.refused())?;
    if let Some(successor) = &retired.successor {
        leave(served, successor, &retired.store).await;
    }
    done(served).await
}

/// `POST -/take`: takes back, by force, what was handed over to a store that is lost.
pub(super) async fn take<S: ServedStore>(served: &Answering<S>, Take {}: Take) -> Done {
    let ownership = served.cache.ask(&served.store).await.map_err(served.failed())?;
    let handed_over =
        ownership.handover.ok_or(MoveError::NeverHandedOver { epoch: ownership.epoch + 1 });
    let epoch = handed_over.map_err(served.refused())?.epoch;
    step(served, served.store.take(epoch)).await
}

/// `POST -/forget`: waits no longer for a follower that is none any more.
pub(super) async fn forget<S: ServedStore>(
    served: &Answering<S>,
    Forget { follower }: Forget,
) -> Done {
    query::store_id(&follower).map_err(|wrong| unreadable("#/follower", wrong))?;
    served.cache.left(&follower);
    served.store.forget(&follower).await.map_err(served.failed())?;
    done(served).await
}

/// `POST -/probe`: whether this program can reach, sign in to, and read the feed of a peer.
pub(super) async fn probe<S: ServedStore>(
    served: &Answering<S>,
    Probe { peer }: Probe,
) -> Result<Probed, CallRefusal> {
    let url = address("#/peer", &peer)?;
    let probed = async {
        let peers = served.moving.peers.at(&url)?;
        let ownership = peers.ownership(&url).await?;
        let query = ChangesQuery { limit: Some(1), ..ChangesQuery::default() };
        let PeerPage::<S::Content> { changes, .. } = peers.changes(&url, &query).await?;
        let (role, epoch) = (ownership.role, ownership.epoch);
        Ok::<_, PeerError>(Probed { store: changes.store, lineage: changes.lineage, role, epoch })
    };
    // The caller wants to know whether it works now, so what may heal is no reason to wait.
    let failed = |error: PeerError| CallRefusal::new(ErrorCode::ProbeFailed, explained(&error));
    probed.await.map_err(failed)
}

/// Takes a step, and answers what the store is after it.
async fn step<S: ServedStore, T>(
    served: &Answering<S>,
    step: impl Future<Output = Result<T, MoveError<S::Error>>>,
) -> Done {
    step.await.map_err(served.refused())?;
    done(served).await
}

/// Wakes the tasks that act on the new state, and answers it.
async fn done<S: ServedStore>(served: &Answering<S>) -> Done {
    let document = document::read(served).await;
    served.cache.news.notify_one();
    // The step is done, whatever became of reading what it made.
    document.map_err(|error| CallRefusal::perhaps(&error))
}

/// Tells a source that this store does not follow any more. A source that cannot be told keeps its deleted rows for
/// longer than it must.
async fn leave<S>(served: &Answering<S>, source: &Peer, store: &str) {
    let Ok(peers) = served.moving.peers.at(&source.url) else { return };
    if let Err(error) = peers.forget(&source.url, store).await {
        log::warn!("{}: was not told that {store} follows no longer: {error}", source.url);
    }
}

/// The URL of a collection, as it is kept.
fn address(pointer: &str, text: &str) -> Result<String, CallRefusal> {
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

fn unreadable(pointer: &str, detail: &'static str) -> CallRefusal {
    CallRefusal::unreadable(
        "the body cannot be read",
        RequestFault::pointer(pointer.to_owned(), detail),
    )
}
