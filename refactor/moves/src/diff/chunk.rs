//! A range of keys, compared.

use std::collections::BTreeSet;

use serde_json::Value;

use super::looks::{Differing, Trouble, look};
use crate::diff_run::DiffRun;
use crate::diff_run::{Chunk, FoundDifference};
use crate::remote_store::{RemoteStore, RemoteStores};
use replication::{Digest, Key};

/// How many rows are compared at once.
const ROWS: usize = 10_000;

/// The two sides of a comparison.
pub(super) struct Two {
    peers: RemoteStores,
    primary: RemoteStore,
    follower: RemoteStore,
    /// What they are called.
    primary_name: &'static str,
    follower_name: &'static str,
    epoch: u64,
}

impl Two {
    pub(super) fn new(
        peers: &RemoteStores,
        source: &str,
        target: &str,
        comparison: &DiffRun,
    ) -> Self {
        let (source, target) = ((peers.at(source), "source"), (peers.at(target), "target"));
        let (primary, follower) =
            if comparison.switched() { (target, source) } else { (source, target) };
        Self {
            peers: peers.clone(),
            primary: primary.0,
            follower: follower.0,
            primary_name: primary.1,
            follower_name: follower.1,
            epoch: comparison.epoch(),
        }
    }

    /// Compares the next rows behind a key.
    ///
    /// # Errors
    /// If a side does not answer, or the primary has changed.
    pub(super) fn chunk(&self, after: Option<&Key>) -> Result<Chunk, Trouble> {
        let (ours, copied) = self.digests(after)?;
        if ours.position.epoch != self.epoch {
            return Err(Trouble::Over("the primary has changed meanwhile".into()));
        }
        let last = ours.last && copied.last;
        let same = |one: &Digest, other: &Digest| one.rows == other.rows && one.hash == other.hash;
        if ours.last == copied.last && ours.to == copied.to && same(&ours, &copied) {
            let Digest { to, end, rows, .. } = ours;
            return Ok(Chunk { to, end, rows, last, differences: Vec::new(), moving: 0 });
        }
        let up_to = ours.end;
        // Neither side is asked for more rows than a range has, whatever the other one lacks.
        let end = match (ours.last, copied.last) {
            (true, true) => ours.to.max(copied.to),
            (true, false) => copied.to,
            (false, true) => ours.to,
            (false, false) => ours.to.min(copied.to),
        };
        let Some(to) = end else {
            return Err(Trouble::Over(
                "a side says that a range has rows and not where it ends".into(),
            ));
        };
        let ours =
            self.primary.hashes(after, &to).map_err(|error| Trouble::of(&self.primary, &error))?;
        let copied = self.follower.hashes(after, &to);
        let copied = copied.map_err(|error| Trouble::of(&self.follower, &error))?;
        let rows = ours.rows.len() as u64;
        let ours = BTreeSet::from_iter(ours.rows);
        let copied = BTreeSet::from_iter(copied.rows);
        let suspects = ours.symmetric_difference(&copied).map(|row| row.key.clone());
        let looked = look(&self.primary, &self.follower, self.epoch, suspects)?;
        let differences = looked.differing.iter().map(|row| self.named(row)).collect();
        Ok(Chunk { to: Some(to), end: up_to, rows, last, differences, moving: looked.moving })
    }

    fn digests(&self, after: Option<&Key>) -> Result<(Digest, Digest), Trouble> {
        let [ours, copied] = self.peers.digests(&self.primary, &self.follower, after, ROWS);
        let ours = ours.map_err(|error| Trouble::of(&self.primary, &error))?;
        let copied = copied.map_err(|error| Trouble::of(&self.follower, &error))?;
        Ok((ours, copied))
    }

    /// Says in what a row differs.
    fn named(&self, row: &Differing) -> FoundDifference {
        let what = match (&row.primary, &row.follower) {
            (Some(_), None) => format!("missing on the {}", self.follower_name),
            (None, _) => format!("only on the {}", self.follower_name),
            (Some(ours), Some(copied)) => {
                let mut fields = self.fields(&row.key);
                if ours.rev != copied.rev {
                    fields.push(format!(
                        "rev ({} on the {}, {} on the {})",
                        ours.rev, self.primary_name, copied.rev, self.follower_name
                    ));
                }
                // Something that readers do not see, such as a time's last digits.
                let fields = if fields.is_empty() { "its hash".into() } else { fields.join(", ") };
                format!("differs in {fields}")
            }
        };
        FoundDifference { key: row.key.clone(), what }
    }

    /// The fields in which a row differs, as readers see it.
    fn fields(&self, key: &Key) -> Vec<String> {
        let (Ok(Some(ours)), Ok(Some(copied))) =
            (self.primary.member(key), self.follower.member(key))
        else {
            return Vec::new();
        };
        let fields = |value: &Value| -> BTreeSet<String> {
            value.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect()
        };
        let names = &fields(&ours) | &fields(&copied);
        names.into_iter().filter(|name| ours.get(name) != copied.get(name)).collect()
    }
}
