//! Looking at rows one by one, until it is clear whether they differ.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::remote_store::{NotDone, RemoteStore};
use replication::{FollowerState, Following, Key, Position, RowHash};

/// How often a row is looked at that changes all the time.
const LOOKS: usize = 10;
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How many rows are asked for at once.
const ROWS: usize = 500;
/// How long the follower may take to get where the primary was.
const CATCH_UP: Duration = Duration::from_secs(10);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(5);

/// Why a comparison cannot go on.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// For now.
    Passing(String),
    /// It has to begin again.
    Over(String),
}

impl Trouble {
    pub(super) fn of(peer: &RemoteStore, error: &NotDone) -> Self {
        Self::Passing(format!("{}: {error}", peer.url))
    }
}

/// A row that differs, as each side has it; `None` if it has none.
pub(crate) struct Differing {
    pub(crate) key: Key,
    pub(super) primary: Option<RowHash>,
    pub(super) follower: Option<RowHash>,
}

/// What became of rows that were looked at.
pub(crate) struct Looked {
    pub(crate) differing: Vec<Differing>,
    /// Rows that changed at each look.
    pub(crate) moving: u64,
}

/// Looks at these rows.
///
/// 1. Reads them at the primary, and then the primary's position: it is not before any of them.
/// 2. Waits until the follower has everything up to that position, and reads them there.
/// 3. Reads them at the primary again. If a row has not changed meanwhile and the follower's row is not the same, it
///    differs. A row that has changed is read again, a few times.
///
/// # Errors
/// If a side does not answer, or the primary is no longer in that epoch.
pub(crate) fn look(
    primary: &RemoteStore,
    follower: &RemoteStore,
    epoch: u64,
    keys: impl IntoIterator<Item = Key>,
) -> Result<Looked, Trouble> {
    let mut open: BTreeSet<Key> = keys.into_iter().collect();
    let mut differing = Vec::new();
    for number in 0..LOOKS {
        if open.is_empty() {
            break;
        }
        if number > 0 {
            sleep(PAUSE);
        }
        let before = rows(primary, &open)?;
        let now = primary.ownership().map_err(|error| Trouble::of(primary, &error))?;
        if !now.is_primary() || now.epoch != epoch {
            return Err(Trouble::Over("the primary has changed meanwhile".into()));
        }
        wait(follower, Position { epoch, at: now.position })?;
        let copied = rows(follower, &open)?;
        let after = rows(primary, &open)?;
        open.retain(|key| {
            let (before, copied, after) = (before.get(key), copied.get(key), after.get(key));
            if copied == after {
                return false;
            }
            if before != after {
                return true;
            }
            let (primary, follower) = (after.cloned(), copied.cloned());
            differing.push(Differing { key: key.clone(), primary, follower });
            false
        });
    }
    differing.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(Looked { differing, moving: open.len() as u64 })
}

fn rows(peer: &RemoteStore, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, RowHash>, Trouble> {
    let mut rows = BTreeMap::new();
    let keys: Vec<_> = keys.iter().cloned().collect();
    for keys in keys.chunks(ROWS) {
        let read = peer.rows(keys).map_err(|error| Trouble::of(peer, &error))?;
        rows.extend(read.rows.into_iter().map(|row| (row.key.clone(), row)));
    }
    Ok(rows)
}

fn wait(follower: &RemoteStore, wanted: Position) -> Result<(), Trouble> {
    let start = Instant::now();
    loop {
        let now = follower.ownership_at(wanted, CATCH_UP);
        let now = now.map_err(|error| Trouble::of(follower, &error))?;
        if now.covers(wanted) {
            return Ok(());
        }
        if let Some(Following { state: FollowerState::Broken, detail, .. }) = &now.following {
            let why = detail.clone().unwrap_or_default();
            return Err(Trouble::Over(format!("{} cannot follow any more: {why}", follower.url)));
        }
        if start.elapsed() > CATCH_UP {
            let detail = now.following.and_then(|following| following.detail).unwrap_or_default();
            return Err(Trouble::Passing(format!("{} does not get on {detail}", follower.url)));
        }
        sleep(POLL);
    }
}
