//! The candidates for a request: the service that its route leads to, and those that may be the primary instead.

use std::sync::Arc;

use http::Method;
use public_urls::Origin;
use routes::RequestPath;
use url::Url;

use super::destination::RouteSide;
use crate::limits::CANDIDATES;
use crate::ownership::Epochs;
use crate::service::Service;
use crate::target::RouteTable;
use crate::upstream::Upstream;

/// The services that a request may be sent to, each once. They are called by their index; 0 is the one that the
/// route chose.
#[derive(Debug)]
pub(super) struct Candidates {
    chosen: RouteSide,
    others: Vec<RouteSide>,
    /// Which one is asked.
    at: usize,
    /// Those that were asked since the last wait, the current one too, one bit each.
    asked: u32,
}

impl Candidates {
    pub(super) fn of(chosen: RouteSide) -> Self {
        Self { chosen, others: Vec::new(), at: 0, asked: bit(0) }
    }

    /// Looks for the other candidates: `other` (the other side of a divided route) or else the service that would
    /// answer without the chosen route, and those of all matching routes that take no traffic. None of them would get a
    /// path that is for operators.
    pub(super) fn look(
        &mut self,
        table: &RouteTable,
        method: &Method,
        path: &RequestPath<'_>,
        other: Option<&RouteSide>,
        epochs: &Epochs,
    ) {
        let next = match other {
            Some(side) => Some(side.clone()),
            None => table
                .find_past(method, path, &[&self.chosen.target])
                .map(|next| RouteSide::of(&next)),
        };
        self.others.extend(next);
        let mut passed = Vec::new();
        while passed.len() < CANDIDATES {
            let Some(found) = table.find_inactive(method, path, &passed) else { break };
            passed.push(found.target);
            self.others.push(RouteSide::of(&found));
        }
        let mut known = vec![Arc::clone(&self.chosen.target)];
        self.others.retain(|side| {
            let new = !known.iter().any(|known| known.service.is_same(&side.target.service));
            if new {
                known.push(Arc::clone(&side.target));
            }
            new && known.len() <= CANDIDATES && !side.is_for_operators(path, epochs)
        });
    }

    pub(super) fn get(&self, index: usize) -> &RouteSide {
        index.checked_sub(1).and_then(|index| self.others.get(index)).unwrap_or(&self.chosen)
    }

    pub(super) fn count(&self) -> usize {
        1 + self.others.len()
    }

    pub(super) fn upstream(&self, index: usize) -> &Arc<Upstream> {
        &self.get(index).target.service.upstream
    }

    /// The one that is asked.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether one was not asked since the last wait.
    pub(super) fn is_new(&self, index: usize) -> bool {
        self.asked & bit(index) == 0
    }

    /// Asks another one.
    pub(super) fn go_to(&mut self, index: usize) {
        self.at = index;
        self.asked |= bit(index);
    }

    /// Asks one after a wait: any may be asked again.
    pub(super) fn begin_again(&mut self, index: usize) {
        self.asked = 0;
        self.go_to(index);
    }

    /// The one that is this service.
    pub(super) fn index_of(&self, service: &Service) -> Option<usize> {
        (0..self.count()).find(|index| self.get(*index).target.service.is_same(service))
    }

    /// The candidate that a service names as primary. Only candidates are ever asked, whatever the service says. If
    /// several are at the origin, the URL's path chooses: the candidate with the longest path that contains it.
    pub(super) fn named(&self, primary: &[u8]) -> Option<usize> {
        let primary = Url::parse(std::str::from_utf8(primary).ok()?).ok()?;
        let origin = Origin::of(&primary)?;
        let there = || (0..self.count()).filter(|index| self.upstream(*index).origin == origin);
        let base = |index: usize| self.get(index).target.service.base.as_str();
        let below = there().filter(|index| is_below(primary.path(), base(*index)));
        below.max_by_key(|index| base(*index).len()).or_else(|| there().next())
    }
}

/// Whether a path is a base, or continues it with a segment.
fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn bit(index: usize) -> u32 {
    1 << index.min(31)
}
