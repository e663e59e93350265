//! Beginning to follow a source.

use std::fmt;

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
#[derive(Debug)]
pub(super) enum AdoptError {
    Peer(PeerError),
    Move(MoveError),
    /// Another collection than the store's.
    Collection {
        url: String,
        found: String,
    },
    /// It owns nothing that could be followed.
    NotPrimary {
        url: String,
        role: Role,
        primary: Option<String>,
    },
}

impl From<PeerError> for AdoptError {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl From<MoveError> for AdoptError {
    fn from(error: MoveError) -> Self {
        Self::Move(error)
    }
}

impl fmt::Display for AdoptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(error) => f.write_str(&explained(error)),
            Self::Move(error) => error.fmt(f),
            Self::Collection { url, found } => {
                write!(f, "{url} is the collection {found}; name one of the same kind")
            }
            Self::NotPrimary { url, role, primary } => {
                write!(f, "{url} is {} and has nothing that could be followed; ", role.name())?;
                match primary {
                    Some(primary) => write!(f, "`banyan follow` its primary, {primary}"),
                    None => f.write_str("see `banyan status`"),
                }
            }
        }
    }
}

impl std::error::Error for AdoptError {}
