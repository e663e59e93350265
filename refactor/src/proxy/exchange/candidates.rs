//! Who could answer a request: whoever its route leads to, and who may own what it is about instead.

use std::sync::Arc;

use http::Method;
use url::Url;

use super::owner::Side;
use crate::proxy::limits::CANDIDATES;
use crate::proxy::path::Path;
use crate::proxy::table::Table;
use crate::proxy::upstream::{Origin, Upstream};

/// The services that a request may be sent to, each once. They are called by their index; 0 is the one that the
/// route chose.
#[derive(Debug)]
pub(super) struct Candidates {
    chosen: Side,
    others: Vec<Side>,
}

impl Candidates {
    pub(super) fn of(chosen: Side) -> Self {
        Self { chosen, others: Vec::new() }
    }

    /// Looks for the others: `other`, the other side of a divided route, or else who is next without the chosen
    /// route; and all routes that take no traffic and would match.
    pub(super) fn look(
        &mut self,
        table: &Table,
        method: &Method,
        path: &Path<'_>,
        other: Option<&Side>,
    ) {
        let next = match other {
            Some(side) => Some(side.clone()),
            None => {
                table.find_past(method, path, &[&self.chosen.target]).map(|next| Side::of(&next))
            }
        };
        self.others.extend(next);
        let mut passed = Vec::new();
        while passed.len() < CANDIDATES {
            let Some(found) = table.find_inactive(method, path, &passed) else { break };
            passed.push(found.target);
            self.others.push(Side::of(&found));
        }
        let mut known = vec![Arc::clone(&self.chosen.target.upstream)];
        self.others.retain(|side| {
            let upstream = &side.target.upstream;
            let new = !known.iter().any(|known| Arc::ptr_eq(known, upstream));
            if new {
                known.push(Arc::clone(upstream));
            }
            new && known.len() <= CANDIDATES
        });
    }

    pub(super) fn get(&self, index: usize) -> &Side {
        index.checked_sub(1).and_then(|index| self.others.get(index)).unwrap_or(&self.chosen)
    }

    pub(super) fn count(&self) -> usize {
        1 + self.others.len()
    }

    pub(super) fn upstream(&self, index: usize) -> &Arc<Upstream> {
        &self.get(index).target.upstream
    }

    /// The one that this is.
    pub(super) fn index_of(&self, upstream: &Arc<Upstream>) -> Option<usize> {
        (0..self.count()).find(|index| Arc::ptr_eq(self.upstream(*index), upstream))
    }

    /// The one that a service names as owner. Whatever it says, nobody else is ever asked.
    pub(super) fn named(&self, owner: &[u8]) -> Option<usize> {
        let origin = Origin::of(&Url::parse(std::str::from_utf8(owner).ok()?).ok()?)?;
        (0..self.count()).find(|index| self.upstream(*index).origin == origin)
    }
}
