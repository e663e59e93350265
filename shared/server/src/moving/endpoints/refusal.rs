//! What other programs are told if a step cannot be done.

use actix_web::http::StatusCode;
use models::Collection;
use replication::PeerError;
use runtime::chain;
use store::{MoveError, StoreError};

use super::super::adopt::AdoptError;
use super::super::advice::explained;
use crate::problem::Problem;

/// 409 with what is wrong and which command helps; what the store itself cannot do is answered as
/// anywhere else.
pub(super) fn of_move(collection: &Collection) -> impl Fn(MoveError) -> Problem {
    |error| match error {
        MoveError::Store(error @ StoreError::OutcomeUnknown(_)) => perhaps(&error),
        MoveError::Key(error) => Problem::new(StatusCode::BAD_REQUEST, error.to_string()),
        MoveError::Store(error) => Problem::of_store(error, &collection.member, None),
        refused => Problem::new(StatusCode::CONFLICT, refused.to_string()),
    }
}

/// 502 for a step that may have been done. Each can be repeated.
pub(super) fn perhaps(error: &StoreError) -> Problem {
    log::error!("{}", chain(error));
    let detail =
        "the store's answer was lost; the step may have been done, or not; it can be repeated";
    Problem::new(StatusCode::BAD_GATEWAY, detail)
}

/// 503 for a peer that may answer later, 409 for one that needs an operator.
pub(super) fn of_peer(error: &PeerError) -> Problem {
    if error.heals() {
        Problem::unavailable(explained(error))
    } else {
        Problem::new(StatusCode::CONFLICT, explained(error))
    }
}

/// Either of them, or the source's own state.
pub(super) fn of_adoption(collection: &Collection) -> impl Fn(AdoptError) -> Problem {
    |error| match error {
        AdoptError::Peer(error) => of_peer(&error),
        AdoptError::Move(error) => of_move(collection)(error),
        refused => Problem::new(StatusCode::CONFLICT, refused.to_string()),
    }
}
