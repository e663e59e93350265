//! What a caller is told of the errors of a step.

use super::{CallRefusal, ServedStore};
use crate::follower::{AdoptError, explained};
use crate::{ErrorCode, MoveError, PeerError};

/// What is wrong and which command helps; what the store itself cannot do is for the store to say.
pub(super) fn of_move<S: ServedStore>(store: &S) -> impl Fn(MoveError<S::Error>) -> CallRefusal {
    |error| match (error.code(), error) {
        (_, MoveError::Store(error)) => store.refusal(&error),
        (code, refused) => {
            CallRefusal::new(code.unwrap_or(ErrorCode::Internal), refused.to_string())
        }
    }
}

/// 503 for a peer that may answer later, 409 for one that needs an operator.
pub(super) fn of_peer(error: &PeerError) -> CallRefusal {
    let code = if error.heals() { ErrorCode::PeerUnavailable } else { ErrorCode::PeerRefuses };
    CallRefusal::new(code, explained(error))
}

/// Either of them, or the source's own state.
pub(super) fn of_adoption<S: ServedStore>(
    store: &S,
) -> impl Fn(AdoptError<S::Error>) -> CallRefusal {
    |error| match error {
        AdoptError::Peer(error) => of_peer(&error),
        AdoptError::Move(error) => of_move(store)(error),
        other @ AdoptError::Collection { .. } => {
            CallRefusal::new(ErrorCode::OtherCollection, other.to_string())
        }
        other @ AdoptError::NotPrimary { .. } => {
            CallRefusal::new(ErrorCode::SourceNotPrimary, other.to_string())
        }
    }
}
