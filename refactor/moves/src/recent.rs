//! The rows that were changed last, compared: what a switch could have lost would be among them.

use replication::Key;

use super::diff::{Trouble, look};
use super::remote_store::RemoteStore;

/// How many rows are compared.
const ROWS: usize = 1_000;
/// How many rows a sentence names.
const NAMED: usize = 10;

/// What was found.
pub(super) struct ComparedRows {
    rows: usize,
    differing: Vec<Key>,
}

impl ComparedRows {
    pub(super) fn differs(&self) -> bool {
        !self.differing.is_empty()
    }

    /// In a sentence.
    pub(super) fn shown(&self) -> String {
        let rows = self.rows;
        if self.differing.is_empty() {
            return format!("the last {rows} changed rows are the same on both sides");
        }
        let named = self.differing.iter().take(NAMED).map(Key::shown).collect::<Vec<_>>();
        let more = if self.differing.len() > NAMED { ", ..." } else { "" };
        let count = self.differing.len();
        format!("{count} of the last {rows} changed rows differ (ids {}{more})", named.join(", "))
    }
}

/// Compares the rows that the primary changed last with the follower's.
///
/// # Errors
/// Says why they could not be compared.
pub(super) fn compare(
    primary: &RemoteStore,
    follower: &RemoteStore,
) -> Result<ComparedRows, String> {
    let told = |error: super::remote_store::NotDone| format!("{}: {error}", primary.url);
    let epoch = primary.ownership().map_err(told)?.epoch;
    let recent = primary.recent(ROWS).map_err(told)?;
    let rows = recent.rows.len();
    let looked = look(primary, follower, epoch, recent.rows.into_iter().map(|row| row.key));
    match looked {
        Ok(looked) => {
            let differing = looked.differing.into_iter().map(|row| row.key).collect();
            Ok(ComparedRows { rows, differing })
        }
        Err(Trouble::Passing(why) | Trouble::Over(why)) => Err(why),
    }
}
