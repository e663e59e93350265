//! Why a replicator stops what it does.

use std::error::Error;

use runtime::chain;

use super::adopt::AdoptError;
use super::advice::explained;
use crate::{MoveError, PeerError};

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

impl<E: Error + 'static> From<MoveError<E>> for Halt {
    fn from(error: MoveError<E>) -> Self {
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

impl<E: Error + 'static> From<AdoptError<E>> for Halt {
    fn from(error: AdoptError<E>) -> Self {
        match error {
            AdoptError::Peer(error) => error.into(),
            AdoptError::Move(error) => error.into(),
            refused => Self::Broken(refused.to_string()),
        }
    }
}
