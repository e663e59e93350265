//! Why a replicator stops what it does.

use std::error::Error;

use runtime::chain;

use super::adopt::AdoptError;
use super::advice::explained;
use crate::{ErrorCode, MoveError, PeerError, PeerFault};

/// Why a piece of work ended.
#[derive(Debug)]
pub(super) enum Halt {
    /// The ownership may be another now.
    News,
    /// It may go on by itself.
    Stalled(Cause),
    /// It needs an operator.
    Broken(Cause),
}

/// Why it does not go on: in a sentence, and as a code for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) detail: String,
    pub(super) code: Option<ErrorCode>,
}

impl Cause {
    pub(super) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), code: Some(code) }
    }
}

impl From<PeerError> for Halt {
    fn from(error: PeerError) -> Self {
        let detail = explained(&error);
        let code = match error.fault {
            PeerFault::Refused { code: Some(code), .. }
            | PeerFault::Failed { code: Some(code), .. } => code,
            _ if error.heals() => ErrorCode::PeerUnavailable,
            _ => ErrorCode::PeerRefuses,
        };
        let cause = Cause::new(code, detail);
        if error.heals() { Self::Stalled(cause) } else { Self::Broken(cause) }
    }
}

impl<E: Error + 'static> From<MoveError<E>> for Halt {
    fn from(error: MoveError<E>) -> Self {
        match error {
            // Another program changed the ownership, or applied the page.
            MoveError::NotFollower { .. } | MoveError::OtherCursor { .. } => Self::News,
            MoveError::Store(error) => Self::Stalled(Cause::new(
                ErrorCode::Unavailable,
                format!(
                    "this side cannot write: {}; its log says more, and it goes on by itself",
                    chain(&error)
                ),
            )),
            refused => Self::Broken(Cause { code: refused.code(), detail: refused.to_string() }),
        }
    }
}

impl<E: Error + 'static> From<AdoptError<E>> for Halt {
    fn from(error: AdoptError<E>) -> Self {
        match error {
            AdoptError::Peer(error) => error.into(),
            AdoptError::Move(error) => error.into(),
            refused @ AdoptError::Collection { .. } => {
                Self::Broken(Cause::new(ErrorCode::OtherCollection, refused.to_string()))
            }
            refused @ AdoptError::NotPrimary { .. } => {
                Self::Broken(Cause::new(ErrorCode::SourceNotPrimary, refused.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::Halt;
    use crate::{ErrorCode, MoveError, PeerError, PeerFault};

    fn of_peer(fault: PeerFault) -> Halt {
        PeerError { url: "http://a/api/users".into(), fault }.into()
    }

    #[test]
    fn what_stops_a_follower_has_a_code() {
        let broken = |halt: Halt| match halt {
            Halt::Broken(cause) => cause.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(broken(MoveError::<Infallible>::WentBack.into()), Some(ErrorCode::WentBack));
        assert_eq!(broken(of_peer(PeerFault::Unknown)), Some(ErrorCode::PeerRefuses));
        let (code, detail) = (Some(ErrorCode::Purged), "purged".into());
        let refused = PeerFault::Refused { status: 409, code, detail };
        assert_eq!(broken(of_peer(refused)), code, "what the source says");
        match of_peer(PeerFault::Failed { status: 500, code: None, detail: None }) {
            Halt::Stalled(cause) => assert_eq!(cause.code, Some(ErrorCode::PeerUnavailable)),
            other => panic!("{other:?}"),
        }
    }
}
