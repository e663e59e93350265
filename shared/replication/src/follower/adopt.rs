//! Beginning to follow a source.

use std::error::Error;

use super::advice::explained;
use super::collection_store::CollectionStore;
use crate::{MoveError, Ownership, Peer, PeerClient, PeerError, Role, RowRate};

/// Looks at the collection at this URL and makes the store its follower, at this rate, or the one that it was told before.
///
/// # Errors
/// If the source cannot be followed, or the store is in use.
pub async fn adopt<S: CollectionStore>(
    collection: &str,
    store: &S,
    peers: &PeerClient,
    url: &str,
    rate: Option<RowRate>,
) -> Result<Ownership, AdoptError<S::Error>> {
    let source = peers.ownership(url).await?.ownership;
    if source.collection != collection {
        return Err(AdoptError::Collection { url: url.to_owned(), found: source.collection });
    }
    if source.store == store.ownership().await.map_err(MoveError::Store)?.store {
        return Err(MoveError::Itself.into());
    }
    if source.role != Role::Primary || source.forwarded.is_some() {
        let primary = source.successor.map(|successor| successor.url).or(source.forwarded);
        return Err(AdoptError::NotPrimary { url: url.to_owned(), role: source.role, primary });
    }
    let peer = Peer { store: source.store, url: url.to_owned() };
    Ok(store.follow(peer, &source.lineage, source.epoch, rate).await?)
}

/// Why a source cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError<E: Error + 'static> {
    /// It cannot be asked.
    #[error("{}", explained(.0))]
    Peer(#[from] PeerError),
    /// This store does not follow it.
    #[error(transparent)]
    Move(#[from] MoveError<E>),
    /// It is another collection.
    #[error("{url} is the collection {found}; name one of the same kind")]
    Collection {
        /// The address that was asked.
        url: String,
        /// The collection there.
        found: String,
    },
    /// It is no primary.
    #[error("{url} is {} and has nothing that could be followed{}", role.name(), ask(primary.as_deref()))]
    NotPrimary {
        /// The address that was asked.
        url: String,
        /// What the store there is.
        role: Role,
        /// The collection at its primary, if that is known.
        primary: Option<String>,
    },
}

fn ask(primary: Option<&str>) -> String {
    match primary {
        Some(primary) => format!("; follow its primary, {primary}"),
        None => String::new(),
    }
}
