//! What is wrong, as a code: the program that shows it makes advice from it.

use replication::ErrorCode;

use super::record::Verb;

/// What is wrong with a move or a command. A text comes with it, which says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The coordinator has no token for the programs.
    NoToken,
    /// There is no application.
    NoApplication,
    /// There are several applications, and none was named.
    SeveralApplications,
    /// The application has no DEFAULT route.
    NoDefaultRoute,
    /// The target cannot be one.
    BadTarget,
    /// No target is known.
    NoTarget,
    /// The collection has another target.
    OtherTarget,
    /// The source and the target are one.
    SameStore,
    /// The target has data, or a part in another move.
    TargetInUse,
    /// The target has data of its own, and does not follow.
    OwnData,
    /// A command is at work, or its end is not known yet.
    UnderWay,
    /// A command changed nothing; the same one may succeed later.
    Again(Verb),
    /// The source does not answer.
    SourceSilent,
    /// The target does not answer.
    TargetSilent,
    /// A program has the collection, and does not take the coordinator's token.
    OtherToken,
    /// The side is not the primary.
    NotPrimary,
    /// The source is the primary still.
    SourceIsPrimary,
    /// The target is the primary already, and a copy is asked for.
    TargetIsPrimary,
    /// The target is the primary, which has to end first.
    ReverseFirst,
    /// The source has handed over, and the target has not taken it yet.
    HandedOver,
    /// The target did not take what it was handed in time.
    NotTaken,
    /// The target is lost: only force makes the source the primary.
    TargetLost {
        /// The source's epoch if it is forced.
        epoch: u64,
    },
    /// The primary is in an epoch that is over.
    OldEpoch,
    /// The side retired for a primary of a later epoch.
    Superseded,
    /// The move is completed.
    Completed,
    /// The target does not follow.
    NotFollowed,
    /// The former primary does not follow the new one yet.
    NotFollowedBack,
    /// The copy is not whole: nothing can be compared.
    NoCopy,
    /// The copy is not whole yet.
    Copying,
    /// The follower is too far behind.
    Lags,
    /// It is not known how far the follower is behind.
    LagUnknown,
    /// The follower does not get what is written.
    FeedSlow,
    /// The primary could not follow the other side.
    NoWayBack,
    /// There is no comparison that counts.
    NotCompared,
    /// The copy differs, and clients would read it.
    Differs,
    /// The source, to which the collection would go back, differs.
    SourceDiffers,
    /// The copy differs, and the source would remove its rows.
    RowsWouldGo,
    /// No route leads to the primary.
    NoRoute,
    /// A program refuses its part.
    Program(ErrorCode),
}

/// Something that is wrong: a sentence, and the code if advice can be made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, and where.
    pub text: String,
    /// What advice is made from.
    pub code: Option<Code>,
}

impl Finding {
    pub(super) fn new(code: Code, text: impl Into<String>) -> Self {
        Self { text: text.into(), code: Some(code) }
    }
}

impl From<String> for Finding {
    fn from(text: String) -> Self {
        Self { text, code: None }
    }
}
