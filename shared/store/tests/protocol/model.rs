//! The bounds of a model, and the guards that can be left out of it.

/// What is explored.
pub(crate) struct Model {
    /// The first is the primary of epoch 1, the others follow it.
    pub(crate) stores: u8,
    /// How many writes the clients send.
    pub(crate) writes: u8,
    /// How many times a coordinator, new or the same, sets out to move the collection.
    pub(crate) moves: u8,
    /// Whether clients read what they wrote, from whichever store.
    pub(crate) reads: bool,
    /// Whether an operator takes the collection back by force from a primary that may be alive.
    pub(crate) forced: bool,
    /// Whether the stores are tables of programs that are not ours. Their fence is in two places: an adapter in front of the
    /// program, and the database. The last write comes past the adapter, straight to the database.
    pub(crate) foreign: bool,
    /// The guard that is left out.
    pub(crate) flaw: Option<Flaw>,
}

/// A guard that is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A store hands over whether it is fenced or not.
    HandoverWithoutFence,
    /// A store hands over to the move that fenced it last, although that fence has passed.
    PassedFenceHandsOver,
    /// Writes can begin between the check of a handover and its commit.
    HandoverLetsWritesBegin,
    /// A fence does not take the fence's exclusive lock: writes that were checked before still commit.
    FenceDoesNotWait,
    /// The coordinator makes the target primary once the source is fenced.
    PromotedBeforeTheHandover,
    /// A page is applied without a look at the cursor it begins at.
    AnyCursor,
    /// A feed gives out entries that come after one of a write that runs.
    FeedPassesRunningWrites,
    /// A source follows its successor from the start of that feed, not from where it became primary.
    FollowsBackFromTheStart,
    /// The proxy sends a write again whose connection broke.
    LostAnswerIsSentAgain,
    /// A store that gave its epoch away can be fenced and hands over that epoch again.
    EpochHandedOverTwice,
    /// A fence lasts until it is released.
    FenceNeverPasses,
    /// A follower's word counts when another collection asks whether a member exists.
    FollowerConfirms,
    /// The proxy forgets a client's write while a store that answers reads does not have it.
    ForgetsWhileACopyLags,
    /// The proxy compares positions by their places alone.
    PlacesWithoutEpochs,
    /// The proxy hands on what a store answers in an epoch that is over.
    OldEpochsCount,
    /// The proxy hears of the new epoch only after the take.
    ProxyIsToldLater,
    /// A store that takes by force goes on with the next rev that it knows of.
    RevsWithoutRoom,
    /// The adapter sends writes to the program while the database is being fenced.
    AdapterStaysOpen,
    /// The adapter has the database fenced while the program works on writes.
    AdapterDoesNotWait,
    /// The adapter sends writes to the program while it hands over, if the fence passed meanwhile.
    AdapterForgetsItsHandover,
    /// The adapter, closed for a fence that never comes, stays closed.
    AdapterNeverOpens,
    /// The database takes every write: only the adapter refuses them.
    DatabaseDoesNotFence,
    /// The database decides by what it was when the transaction of a write began.
    DatabaseReadsAnOldSnapshot,
}

impl Model {
    pub(crate) fn lacks(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}
