//! What programs say about a collection under its `/-/`, as far as a move reads it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The protocol of these documents; programs that speak another one are not moved.
pub(super) const PROTOCOL: u64 = 1;

/// What a copy of a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// It takes the writes.
    Primary,
    /// It copies another one.
    Follower,
    /// It has given everything away, and answers no more.
    Retired,
}

/// A place in the history of a collection, `3.1842` on the wire: a store of epoch n+1 covers all of epoch n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Position {
    pub(crate) epoch: u64,
    pub(crate) at: u64,
}

impl From<Position> for String {
    fn from(Position { epoch, at }: Position) -> Self {
        format!("{epoch}.{at}")
    }
}

impl TryFrom<String> for Position {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (epoch, at) = text.split_once('.').ok_or("a position is two numbers, as 3.1842")?;
        let number = |text: &str| text.parse().ok();
        let both = number(epoch).zip(number(at));
        both.map(|(epoch, at)| Self { epoch, at }).ok_or("a position is two numbers, as 3.1842")
    }
}

/// A copy of a collection, and where it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) store: String,
    pub(crate) url: String,
}

/// Writes are refused for a while, for whoever has the id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fence {
    pub(crate) id: String,
}

/// Ownership that was given away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Handover {
    pub(crate) epoch: u64,
    pub(crate) to: Peer,
    pub(crate) position: u64,
}

/// Whom a copy follows, and how far it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Followed {
    pub(crate) source: Peer,
    pub(crate) covered: Position,
    /// Whether everything there was at the beginning is copied.
    pub(crate) copied: bool,
}

/// How following goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pace {
    Copying,
    Following,
    Waiting,
    Stalled,
    Broken,
}

/// What the part of a program that follows says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Following {
    pub(crate) state: Pace,
    /// What is wrong, and what helps.
    pub(crate) detail: Option<String>,
    #[serde(default)]
    pub(crate) rows: u64,
    #[serde(default)]
    pub(crate) rows_per_second: f64,
    /// `None`: not known.
    pub(crate) lag_changes: Option<u64>,
    /// `None`: not known.
    pub(crate) lag_ms: Option<u64>,
    #[serde(default)]
    pub(crate) throttled: bool,
}

/// A transaction that keeps a feed from going on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlockingTransaction {
    /// None of a prepared one, and none where the program's role may not see it.
    pub(crate) pid: Option<i64>,
    #[serde(default)]
    pub(crate) prepared: Option<String>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) seconds: f64,
}

impl fmt::Display for BlockingTransaction {
    /// What holds the feed back, and what ends that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, prepared, role, database, seconds } = self;
        write!(f, "a transaction that is open for {seconds:.0} s")?;
        for (what, name) in [(" of ", role), (" in ", database)] {
            if let Some(name) = name {
                write!(f, "{what}{name}")?;
            }
        }
        f.write_str(" holds the feed back: ")?;
        match (prepared, pid) {
            (Some(name), _) => {
                write!(
                    f,
                    "it is prepared, so COMMIT PREPARED '{name}' or ROLLBACK PREPARED '{name}' there"
                )
            }
            (None, Some(pid)) => write!(
                f,
                "end the one with the pid {pid}, for example with SELECT pg_terminate_backend({pid})"
            ),
            (None, None) => f.write_str(
                "the program's role may not see which; GRANT pg_read_all_stats to it shows that",
            ),
        }
    }
}

/// What a copy says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ownership {
    pub(crate) store: String,
    /// The same for all copies that came from one.
    pub(crate) lineage: String,
    pub(crate) role: Role,
    pub(crate) epoch: u64,
    /// The newest place of its own feed.
    pub(crate) position: u64,
    /// Whether it ever held a row.
    pub(crate) rows: bool,
    pub(crate) fence: Option<Fence>,
    /// The last one that it gave.
    pub(crate) handover: Option<Handover>,
    pub(crate) followed: Option<Followed>,
    /// Whom it lost ownership to, or whom it follows.
    pub(crate) successor: Option<Peer>,
    /// Whether it retired for a primary of a later epoch that it did not give the ownership to.
    #[serde(default)]
    pub(crate) superseded: bool,
    pub(crate) following: Option<Following>,
    pub(crate) blocked_by: Option<BlockingTransaction>,
}

impl Ownership {
    /// Whether it takes the writes now.
    pub(super) fn is_primary(&self) -> bool {
        self.role == Role::Primary
    }

    /// Whether it follows that copy.
    pub(super) fn follows(&self, store: &str) -> bool {
        self.role == Role::Follower
            && self.followed.as_ref().is_some_and(|followed| followed.source.store == store)
    }

    /// Whether it gave that epoch to that copy.
    pub(super) fn handed_over(&self, epoch: u64, store: &str) -> bool {
        let handover = self.handover.as_ref();
        handover.is_some_and(|handover| handover.epoch == epoch && handover.to.store == store)
    }

    /// Whether it has everything up to a position, its own history or another's.
    pub(super) fn covers(&self, position: Position) -> bool {
        let covered = match &self.followed {
            Some(followed) if self.role == Role::Follower => followed.covered,
            _ => Position { epoch: self.epoch, at: self.position },
        };
        covered >= position
    }
}

/// A hash over a range of rows.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Digest {
    /// The id at which the range ends: the highest that there can be where no row comes after it.
    pub(super) to: u64,
    pub(super) rows: u64,
    pub(super) hash: String,
    pub(super) position: Position,
    /// Whether there is no row behind it.
    pub(super) last: bool,
}

/// A row, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct RowHash {
    pub(super) id: u64,
    pub(super) rev: u64,
    pub(super) hash: String,
}

/// Rows, as far as there are such.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Hashes {
    pub(super) rows: Vec<RowHash>,
}
