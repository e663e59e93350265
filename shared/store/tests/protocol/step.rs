//! What can happen.

use std::fmt;

use crate::state::{Name, Place};

/// One event. Those of a store's transaction are one step; a write and a handover check in one and commit in another.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// A coordinator sees which store is primary and which follows it, and sends the fence.
    SetOut {
        from: Name,
        to: Name,
    },
    /// A fence arrives at an adapter, which sends no more writes to its program.
    Close {
        by: u8,
    },
    /// The program behind a closed adapter has ended all writes that came through it.
    Drain {
        by: u8,
    },
    /// An adapter opens again: it was closed for long enough.
    Open {
        store: Name,
    },
    /// A fence arrives; behind an adapter, at the database.
    Fence {
        by: u8,
    },
    /// A handover arrives and is checked. Its coordinator sends it when it was told of its fence.
    CheckHandover {
        by: u8,
    },
    CommitHandover {
        store: Name,
    },
    /// A release arrives. A coordinator backs out whenever it likes.
    Release {
        by: u8,
    },
    /// A fence's deadline passes.
    Pass {
        store: Name,
    },
    /// A follower applies the next entry of its source's feed. A page of many entries does nothing that as many pages
    /// of one in a row do not.
    Apply {
        store: Name,
    },
    /// Only with [`crate::model::Flaw::AnyCursor`]: a follower applies a page that comes late or again.
    ApplyAgain {
        store: Name,
        at: Place,
    },
    /// A store that handed over sees that its successor is primary, and follows it.
    FollowBack {
        store: Name,
    },
    /// An adapter sends a write to the program, or one begins past the adapter.
    BeginWrite {
        write: u8,
        store: Name,
    },
    /// The database refuses a write that had begun.
    RefuseWrite {
        write: u8,
    },
    /// A store takes the write that the proxy sent it.
    CheckWrite {
        write: u8,
        store: Name,
    },
    /// A write gets its place in the feed. On PostgreSQL that is its transaction's number, which comes with the first
    /// row that it changes; on SQLite the three steps of a write are one.
    PlaceWrite {
        write: u8,
    },
    CommitWrite {
        write: u8,
    },
    AnswerWrite {
        write: u8,
    },
    /// The proxy forgets an answered write.
    Forget {
        write: u8,
    },
    /// The proxy is told of the epoch that a take of this store begins.
    Tell {
        store: Name,
    },
    /// By force a store takes back what it handed over.
    Take {
        store: Name,
    },
    /// A store finds out that it was given up.
    Retire {
        store: Name,
    },
    /// What runs in a store is lost with its program, which starts again.
    Crash {
        store: Name,
    },
    /// Only with [`crate::model::Flaw::PromotedBeforeTheHandover`].
    Promote {
        by: u8,
    },
}

impl Step {
    /// Whether stores take this step by themselves, sooner or later, however many coordinators are dead and whatever
    /// the network keeps.
    pub(crate) fn comes_by_itself(self) -> bool {
        match self {
            Self::CommitHandover { .. }
            | Self::Open { .. }
            | Self::Drain { .. }
            | Self::RefuseWrite { .. }
            | Self::Pass { .. }
            | Self::Apply { .. }
            | Self::FollowBack { .. }
            | Self::PlaceWrite { .. }
            | Self::CommitWrite { .. }
            | Self::AnswerWrite { .. }
            | Self::Retire { .. } => true,
            Self::SetOut { .. }
            | Self::Close { .. }
            | Self::BeginWrite { .. }
            | Self::Fence { .. }
            | Self::CheckHandover { .. }
            | Self::Release { .. }
            | Self::CheckWrite { .. }
            | Self::Crash { .. }
            | Self::ApplyAgain { .. }
            | Self::Forget { .. }
            | Self::Tell { .. }
            | Self::Take { .. }
            | Self::Promote { .. } => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetOut { from, to } => write!(f, "a move from store {from} to {to} sets out"),
            Self::Close { by } => write!(f, "move {by}: the adapter closes for its fence"),
            Self::Drain { by } => write!(f, "move {by}: the program has ended its writes"),
            Self::Open { store } => write!(f, "store {store}: the adapter opens again"),
            Self::Fence { by } => write!(f, "move {by}: its fence arrives"),

            Self::CheckHandover { by } => {
                write!(f, "move {by}: its handover arrives and is checked")
            }
            Self::CommitHandover { store } => write!(f, "store {store}: the handover commits"),

            Self::Release { by } => write!(f, "move {by}: its release arrives"),
            Self::Pass { store } => write!(f, "store {store}: its fence passes"),
            Self::Apply { store } => write!(f, "store {store}: applies the next entry"),
            Self::ApplyAgain { store, at } => {
                write!(f, "store {store}: applies the entry {at} again")
            }
            Self::FollowBack { store } => write!(f, "store {store}: follows its successor"),
            Self::BeginWrite { write, store } => {
                write!(f, "write {write}: begins in the program of store {store}")
            }
            Self::RefuseWrite { write } => write!(f, "write {write}: the database refuses it"),
            Self::CheckWrite { write, store } => {
                write!(f, "write {write}: store {store} checks it")
            }
            Self::PlaceWrite { write } => write!(f, "write {write}: gets its place in the feed"),
            Self::CommitWrite { write } => write!(f, "write {write}: commits"),
            Self::AnswerWrite { write } => write!(f, "write {write}: is answered"),
            Self::Forget { write } => write!(f, "write {write}: the proxy forgets it"),
            Self::Tell { store } => write!(f, "the proxy is told of a take of store {store}"),
            Self::Take { store } => write!(f, "store {store}: takes the collection by force"),
            Self::Retire { store } => write!(f, "store {store}: finds out that it was given up"),
            Self::Crash { store } => write!(f, "store {store}: crashes and starts again"),
            Self::Promote { by } => write!(f, "move {by}: makes its target primary"),
        }
    }
}
