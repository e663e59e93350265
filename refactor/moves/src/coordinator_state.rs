//! What all commands share.

use std::collections::BTreeSet;
use std::sync::{Mutex, Weak};

use spaces::Spaces;

use super::journal::MoveJournal;
use super::metrics::Pauses;
use super::record::MoveId;
use super::refusal::CommandRefusal;
use super::remote_store::RemoteStores;
use super::sides::Targets;

/// What all commands share.
pub(crate) struct CoordinatorState {
    pub(crate) spaces: Spaces,
    pub(crate) journal: MoveJournal,
    /// `None` without MOVE_TOKEN.
    pub(crate) peers: Option<RemoteStores>,
    pub(crate) targets: Targets,
    /// Words a refusal of a collection for the log, with what helps.
    pub(crate) wording: fn(&str, &CommandRefusal) -> String,
    pub(crate) pauses: Pauses,
    /// The moves that a command works on.
    pub(crate) busy: Mutex<BTreeSet<MoveId>>,
    /// The moves whose sides are being compared.
    pub(crate) comparing: Mutex<BTreeSet<MoveId>>,
    /// The moves that are taken up again until nothing is pending.
    pub(crate) settling: Mutex<BTreeSet<MoveId>>,
    /// For threads of its own.
    pub(crate) myself: Weak<CoordinatorState>,
}
