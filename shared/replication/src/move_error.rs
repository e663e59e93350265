//! Why a step of a move was refused: what is wrong, and what helps.

use std::error::Error;

use crate::{ErrorCode, FeedCursor, Key, MAX_FENCE, NotANumber, Peer, Role};

/// Why a store did not give a page of its feed, or did not take a step of a move. Nothing was stored,
/// unless it is a [`MoveError::Store`] that says otherwise. `E` is what the store says of its own failures.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MoveError<E: Error + 'static> {
    /// The reader knows changes that this store does not hold: it was put back to an older state.
    #[error(
        "this store was put back to an older state than its follower has seen; cancel the copy and follow again"
    )]
    WentBack,
    /// Rows that were deleted since the cursor have been purged.
    #[error(
        "rows that were deleted up to {purged} are purged, and the follower has not heard of them; cancel the \
         copy and follow again"
    )]
    Purged {
        /// Up to which place.
        purged: u64,
    },
    /// It takes a primary.
    #[error("this store is {}, not primary{}", role.name(), ask(primary.as_deref()))]
    NotPrimary {
        /// What the store is.
        role: Role,
        /// The collection at its primary, if that is known.
        primary: Option<String>,
    },
    /// It takes a follower.
    #[error("this store is {}, not follower", role.name())]
    NotFollower {
        /// What the store is.
        role: Role,
    },
    /// The step was meant for another epoch.
    #[error("this was meant for the epoch {asked} and it is the epoch {present}")]
    OtherEpoch {
        /// The one that was asked for.
        asked: u64,
        /// The one that the store is in.
        present: u64,
    },
    /// Another move fences the writes.
    #[error(
        "another move ({by}) fences the writes; wait until it has ended, it is over within seconds"
    )]
    Fenced {
        /// The id of that fence.
        by: String,
    },
    /// The fence has passed, was let go, or never was.
    #[error("the fence {id} has passed or was let go; fence again")]
    NotFenced {
        /// The id that was asked for.
        id: String,
    },
    /// A fence takes longer than it may.
    #[error("a fence takes at most {} s", MAX_FENCE.as_secs())]
    FenceTooLong,
    /// Running writes did not end in time.
    #[error(
        "writes that were running did not end in time, so nothing was fenced; try again when fewer write"
    )]
    WritesRun,
    /// The epoch was handed over to another store than the one that is asked for.
    #[error("the epoch {epoch} was handed over to {} at {}", to.store, to.url)]
    HandedOver {
        /// The store that has it.
        to: Peer,
        /// The epoch.
        epoch: u64,
    },
    /// The store handed over, and its successor was not seen to take over yet.
    #[error(
        "the epoch {epoch} was handed over to {} and it has not been seen to take over; wait for it, or take the \
         collection back if it is lost for good",
        to.url
    )]
    HandoverOpen {
        /// The successor.
        to: Peer,
        /// The epoch.
        epoch: u64,
    },
    /// The store never handed over this epoch to this peer.
    #[error("this store did not hand over the epoch {epoch} to it")]
    NeverHandedOver {
        /// The epoch.
        epoch: u64,
    },
    /// It has been in use, so it cannot become a copy of another store.
    #[error(
        "this store has been in use, and a copy starts empty; give it another database, or cancel the copy if it was one"
    )]
    InUse,
    /// It follows another store.
    #[error("this store follows {}; cancel that first", peer.url)]
    Follows {
        /// Which.
        peer: Peer,
    },
    /// It would be its own source or successor.
    #[error("a store cannot follow itself; name another one")]
    Itself,
    /// No other store is the primary in its place.
    #[error("no store is the primary in its place; hand the collection over before it retires")]
    NoSuccessor,
    /// The page is from a store that this one does not follow.
    #[error(
        "this is a page of the store {page} and {followed} is followed; check the address of the source"
    )]
    OtherSource {
        /// The store that the page is from.
        page: String,
        /// The store that this one follows.
        followed: String,
    },
    /// The page is of another lineage: its rows have nothing to do with those here.
    #[error(
        "the source's rows have nothing to do with those here; cancel the copy and follow again"
    )]
    OtherLineage,
    /// The page is of an epoch that is over.
    #[error("the source is at the epoch {page} and {followed} is followed")]
    OldEpoch {
        /// The page's.
        page: u64,
        /// The one that the store follows.
        followed: u64,
    },
    /// The source of the page has become a follower itself.
    #[error("the source has handed the collection over; cancel the copy and follow its primary")]
    SourceFollows,
    /// The page does not begin at this store's place. Another program may have applied it.
    #[error("the page does not begin at {present}, where this store is")]
    OtherCursor {
        /// The place of this store.
        present: FeedCursor,
    },
    /// A row of the page has other fields than this collection's.
    #[error(
        "row {} of the source has other fields than this collection ({what}); run the same version on both sides",
        key.shown()
    )]
    OtherFields {
        /// The row.
        key: Key,
        /// What is wrong with its content.
        what: String,
    },
    /// A key is none of this store's.
    #[error(transparent)]
    Key(NotANumber),
    /// The store could not do it.
    #[error(transparent)]
    Store(E),
}

impl<E: Error + 'static> MoveError<E> {
    /// The code that a program is answered; none for a failure of the store.
    pub fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::WentBack => ErrorCode::WentBack,
            Self::Purged { .. } => ErrorCode::Purged,
            Self::NotPrimary { .. } => ErrorCode::NotPrimary,
            Self::NotFollower { .. } => ErrorCode::NotFollower,
            Self::OtherEpoch { .. } => ErrorCode::OtherEpoch,
            Self::Fenced { .. } => ErrorCode::Fenced,
            Self::NotFenced { .. } => ErrorCode::NotFenced,
            Self::FenceTooLong => ErrorCode::FenceTooLong,
            Self::WritesRun => ErrorCode::WritesRunning,
            Self::HandedOver { .. } => ErrorCode::HandedOver,
            Self::HandoverOpen { .. } => ErrorCode::HandoverOpen,
            Self::NeverHandedOver { .. } => ErrorCode::NeverHandedOver,
            Self::InUse => ErrorCode::InUse,
            Self::Follows { .. } => ErrorCode::FollowsAnother,
            Self::Itself => ErrorCode::SameStore,
            Self::NoSuccessor => ErrorCode::NoSuccessor,
            Self::OtherSource { .. }
            | Self::OtherLineage
            | Self::OldEpoch { .. }
            | Self::SourceFollows
            | Self::OtherCursor { .. }
            | Self::OtherFields { .. } => ErrorCode::UnfitPage,
            Self::Key(_) => ErrorCode::Unreadable,
            Self::Store(_) => return None,
        })
    }
}

impl<E: Error + 'static> From<NotANumber> for MoveError<E> {
    fn from(error: NotANumber) -> Self {
        Self::Key(error)
    }
}

fn ask(primary: Option<&str>) -> String {
    match primary {
        Some(primary) => format!("; ask {primary}"),
        None => String::new(),
    }
}
