//! What other programs are told if a step cannot be done.

use actix_web::HttpResponse;
use models::Collection;
use replication::follower::{AdoptError, explained};
use replication::{ErrorCode, PeerError};
use runtime::chain;
use store::{MoveError, StoreError};

use crate::problem::Problem;

/// What is answered under `/-/`.
pub(super) type StepAnswer = Result<HttpResponse, StepRefusal>;

/// A problem that has a code.
#[derive(Debug)]
pub(super) struct StepRefusal(Problem);

impl From<Problem> for StepRefusal {
    fn from(problem: Problem) -> Self {
        Self(problem.coded())
    }
}

impl From<StepRefusal> for actix_web::Error {
    fn from(StepRefusal(problem): StepRefusal) -> Self {
        problem.into()
    }
}

/// What is wrong and which command helps; what the store itself cannot do is answered as anywhere else.
pub(super) fn of_move(collection: &Collection) -> impl Fn(MoveError) -> Problem {
    |error| match (error.code(), error) {
        (_, MoveError::Store(error @ StoreError::OutcomeUnknown(_))) => perhaps(&error),
        (_, MoveError::Store(error)) => Problem::of_store(error, &collection.member, None),
        (code, refused) => {
            Problem::refused(code.unwrap_or(ErrorCode::Internal), refused.to_string())
        }
    }
}

/// 502 for a step that may have been done. Each can be repeated.
pub(super) fn perhaps(error: &StoreError) -> Problem {
    log::error!("{}", chain(error));
    let detail = "the store did not say that all of it is done; the step may have been done, or not; it can be repeated";
    Problem::refused(ErrorCode::OutcomeUnknown, detail)
}

/// 503 for a peer that may answer later, 409 for one that needs an operator.
pub(super) fn of_peer(error: &PeerError) -> Problem {
    let code = if error.heals() { ErrorCode::PeerUnavailable } else { ErrorCode::PeerRefuses };
    Problem::refused(code, explained(error))
}

/// Either of them, or the source's own state.
pub(super) fn of_adoption(collection: &Collection) -> impl Fn(AdoptError<StoreError>) -> Problem {
    |error| match error {
        AdoptError::Peer(error) => of_peer(&error),
        AdoptError::Move(error) => of_move(collection)(error),
        other @ AdoptError::Collection { .. } => {
            Problem::refused(ErrorCode::OtherCollection, other.to_string())
        }
        other @ AdoptError::NotPrimary { .. } => {
            Problem::refused(ErrorCode::SourceNotPrimary, other.to_string())
        }
    }
}
