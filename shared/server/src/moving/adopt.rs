//! Beginning to follow a source.

use models::Collection;
use replication::{PeerClient, PeerError};
use store::{MoveError, Ownership, Peer, Role, RowRate, Store};

use super::advice::explained;

/// Looks at the collection at this URL and makes the store its follower, at this rate, or the one that it was told before.
///
/// # Errors
/// If the source cannot be followed, or the store is in use.
pub(super) async fn adopt(
    collection: &Collection,
    store: &Store,
    peers: &PeerClient,
    url: &str,
    rate: Option<RowRate>,
) -> Result<Ownership, AdoptError> {
    let source = peers.ownership(url).await?.ownership;
    if source.collection != collection.name {
        return Err(AdoptError::Collection { url: url.to_owned(), found: source.collection });
    }
    if source.store == store.ownership(collection).await.map_err(MoveError::from)?.store {
        return Err(MoveError::Itself.into());
    }
    if source.role != Role::Primary || source.forwarded.is_some() {
        let primary = source.successor.map(|successor| successor.url).or(source.forwarded);
        return Err(AdoptError::NotPrimary { url: url.to_owned(), role: source.role, primary });
    }
    let peer = Peer { store: source.store, url: url.to_owned() };
    Ok(store.follow(collection, peer, &source.lineage, source.epoch, rate).await?)
}

/// Why a source cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdoptError {
    #[error("{}", explained(.0))]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("{url} is the collection {found}; name one of the same kind")]
    Collection { url: String, found: String },
    #[error("{url} is {} and has nothing that could be followed{}", role.name(), ask(primary.as_deref()))]
    NotPrimary { url: String, role: Role, primary: Option<String> },
}

fn ask(primary: Option<&str>) -> String {
    match primary {
        Some(primary) => format!("; follow its primary, {primary}"),
        None => String::new(),
    }
}
