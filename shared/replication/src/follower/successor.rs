//! What a store does that gave its collection away: it waits until its successor has taken it, and then
//! follows it back.

use std::time::Duration;

use runtime::BackOff;
use tokio::time::sleep;

use super::collection_store::CollectionStore;
use super::halt::{Cause, Halt};
use super::replicator::Replicator;
use crate::{ErrorCode, FollowerState, MoveError, Ownership, Peer, PeerError, PeerFault, Role};

/// How long to wait before a successor is asked again.
const BACK_OFF: BackOff = BackOff::new(Duration::from_millis(5), Duration::from_millis(250));

/// Waits for the successor and follows it.
pub(super) async fn follow_back<S: CollectionStore>(
    replicator: &Replicator<S>,
    lineage: &str,
    epoch: u64,
    to: &Peer,
) -> Halt {
    let mut back_off = BACK_OFF;
    loop {
        let (url, found) = match find(replicator, to).await {
            Ok(found) => found,
            Err(halt) => return halt,
        };
        replicator.readdress(to, &url).await;
        if found.lineage != lineage {
            return MoveError::<S::Error>::OtherLineage.into();
        }
        if found.epoch > epoch {
            let detail = format!(
                "{url} took the epoch {epoch} and is at {} by now, so what came between is not known \
                 here; retire this side, or give it a new database and follow again",
                found.epoch
            );
            return Halt::Broken(Cause::new(ErrorCode::UnfitPage, detail));
        }
        if found.epoch == epoch && found.role == Role::Primary {
            let peer = Peer { store: found.store, url };
            let followed = replicator.store.follow_back(peer, epoch, found.since, &found.run).await;
            return match followed {
                Ok(_) => Halt::News,
                Err(error) => error.into(),
            };
        }
        let detail = format!("waits until {url} takes the epoch {epoch}");
        let cause = Cause { detail, code: None };
        replicator.ownership_cache.progress.now(FollowerState::Waiting, Some(cause));
        sleep(back_off.wait()).await;
    }
}

/// The successor's document of ownership, and where it was found.
async fn find<S: CollectionStore>(
    replicator: &Replicator<S>,
    to: &Peer,
) -> Result<(String, Ownership), Halt> {
    let peers = replicator.peers.at(&to.url)?;
    let mut first: Option<Halt> = None;
    for url in replicator.addresses(to) {
        let failed: Halt = match peers.ownership(&url).await {
            Ok(found) if found.store == to.store => return Ok((url, found.ownership)),
            Ok(found) => {
                let found = found.ownership.store;
                PeerError { url, fault: PeerFault::OtherStore { found } }.into()
            }
            Err(error) => error.into(),
        };
        first.get_or_insert(failed);
    }
    Err(first.unwrap_or(Halt::News))
}
