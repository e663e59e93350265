//! Why a replicator stops what it does.

use replication::PeerError;
use runtime::chain;
use store::MoveError;

use super::adopt::AdoptError;
use super::advice::explained;

/// Why a piece of work ended.
#[derive(Debug)]
pub(super) enum Halt {
    /// The ownership may be another now.
    News,
    /// It may go on by itself.
    Stalled(String),
    /// It needs an operator.
    Broken(String),
}

impl From<PeerError> for Halt {
    fn from(error: PeerError) -> Self {
        let detail = explained(&error);
        if error.heals() { Self::Stalled(detail) } else { Self::Broken(detail) }
    }
}

impl From<MoveError> for Halt {
    fn from(error: MoveError) -> Self {
        match error {
            // Another program changed the ownership, or applied the page.
            MoveError::NotFollower { .. } | MoveError::OtherCursor { .. } => Self::News,
            MoveError::Store(error) => Self::Stalled(format!(
                "this side cannot write: {}; its log says more, and it goes on by itself",
                chain(&error)
            )),
            refused => Self::Broken(refused.to_string()),
        }
    }
}

impl From<AdoptError> for Halt {
    fn from(error: AdoptError) -> Self {
        match error {
            AdoptError::Peer(error) => error.into(),
            AdoptError::Move(error) => error.into(),
            refused => Self::Broken(refused.to_string()),
        }
    }
}
