//! Both sides of a move, as a change of ownership sees them.

use replication::{PeerFault, SideStatus};

use super::code::{Code, Finding};
use super::record::Direction;
use super::refusal::CommandRefusal;
use super::remote_store::{NotDone, RemoteStore};
use super::work::CommandWork;

/// Both sides, as a change of ownership sees them.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// The primary, and the store that is to become the primary.
    pub(super) from: RemoteStore,
    pub(super) to: RemoteStore,
    /// Their parts in messages, with their URLs.
    pub(super) from_name: String,
    pub(super) to_name: String,
}

impl Pair {
    pub(super) fn of(work: &CommandWork<'_>, direction: Direction) -> Self {
        let (source, target) = (work.source(), work.target());
        let (source_name, target_name) = (work.source_name(), work.target_name());
        match direction {
            Direction::Switch => {
                Self { from: source, to: target, from_name: source_name, to_name: target_name }
            }
            Direction::Reverse => {
                Self { from: target, to: source, from_name: target_name, to_name: source_name }
            }
        }
    }

    /// What both say of themselves.
    ///
    /// # Errors
    /// 409 if a side does not answer, or if both are primaries; it names the side and says what helps.
    pub(super) fn look(
        &self,
        work: &CommandWork<'_>,
    ) -> Result<(SideStatus, SideStatus), CommandRefusal> {
        let [from, to] = work.peers.both(&self.from, &self.to);
        let from = from.map_err(|error| explained(work, &self.from_name, &self.from, &error))?;
        let to = to.map_err(|error| explained(work, &self.to_name, &self.to, &error))?;
        match two_primaries(&from, &to) {
            Some(why) => {
                Err(CommandRefusal::conflict(format!("{}: {why}", work.record.collection)))
            }
            None => Ok((from, to)),
        }
    }

    /// The same; refuses if one of them has retired for a primary of a later epoch.
    ///
    /// # Errors
    /// As [`Pair::look`], or 409 that says what helps.
    pub(super) fn look_unless_superseded(
        &self,
        work: &CommandWork<'_>,
    ) -> Result<(SideStatus, SideStatus), CommandRefusal> {
        let (from, to) = self.look(work)?;
        for (side, name) in [(&from, &self.from_name), (&to, &self.to_name)] {
            if side.superseded {
                return Err(CommandRefusal::conflict(gave_way(name, &work.record.collection)));
            }
        }
        Ok((from, to))
    }
}

/// Why nothing can be done while both sides own the collection: one was given up by force, and came back.
pub(super) fn two_primaries(one: &SideStatus, other: &SideStatus) -> Option<String> {
    let apart = one.store != other.store;
    let both = apart && one.is_primary() && other.is_primary() && one.lineage == other.lineage;
    let newer = one.epoch.max(other.epoch);
    both.then(|| {
        format!(
            "BOTH SIDES ARE PRIMARY: the right one is that of epoch {newer}, and the other one was given up by \
             force. Whatever that one took since is in its database alone: stop its program, keep its database \
             aside, and start it with an empty one"
        )
    })
}

/// A side that has retired for a primary of a later epoch.
pub(super) fn gave_way(side: &str, collection: &str) -> Finding {
    let text = format!(
        "{side} has retired, for {collection} has a primary of a later epoch: it was given up by force, or its \
         database is from a backup. It serves nothing of {collection}, and keeps its rows"
    );
    Finding::new(Code::Superseded, text)
}

/// Why one of the sides does not say what it is. A 404 has three reasons, and only the program's readers' paths tell
/// which one it is.
pub(super) fn explained(
    work: &CommandWork<'_>,
    side: &str,
    peer: &RemoteStore,
    error: &NotDone,
) -> CommandRefusal {
    let collection = &work.record.collection;
    match error.fault {
        PeerFault::Unknown if peer.exists() == Some(true) => CommandRefusal::of(
            Code::OtherToken,
            format!("{side} has {collection}, and no way to move them for us"),
        ),
        PeerFault::Unknown => {
            let place = format!(" at {side}");
            work.inner.no_collection(&work.record.application, collection, &place)
        }
        _ if error.is_silent() => {
            let target = peer.url == work.record.target;
            let code = if target { Code::TargetSilent } else { Code::SourceSilent };
            CommandRefusal::of(code, format!("{side}: {error}"))
        }
        _ => CommandRefusal::peer(side, error),
    }
}
