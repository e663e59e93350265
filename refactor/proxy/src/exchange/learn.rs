//! What an answer tells the proxy for the next requests.

use std::sync::Arc;

use http1::ResponseHead;
use tokio::time::Instant;

use super::chase::Chase;
use super::freshness::position;
use crate::split::is_read;

impl Chase<'_> {
    /// Ends the search with the client's answer, and notes what it tells.
    pub(super) fn end(&mut self, answer: &ResponseHead<'_>) {
        let searched = self.search.take().is_some();
        let position = position(answer);
        let writes = &self.site.shared.ownership.writes;
        if is_read(&self.head.method) {
            if let Some(position) = position {
                let upstream = self.candidates.upstream(self.candidates.at());
                self.freshness.forget_if_copied(writes, upstream, position);
            }
            return;
        }
        let Some(segment) = self.collection() else { return };
        let at = self.candidates.at();
        if searched
            && at != 0
            && let Some(version) = self.looked
        {
            let primary = &self.candidates.get(at).target.service;
            let primaries = &self.candidates.get(0).target.primaries;
            primaries.note(&segment, primary, version, Instant::now());
        }
        if !may_have_stored(answer.status) {
            return;
        }
        if let Some(position) = position {
            if self.candidates.count() == 1 {
                writes.let_go();
                return;
            }
            let others = (0..self.candidates.count()).filter(|index| *index != at);
            let copies = std::iter::once(at).chain(others);
            let copies = copies.map(|index| Arc::downgrade(self.candidates.upstream(index)));
            writes.note(self.client(&segment), position, copies.collect());
        }
    }
}

/// Whether something may have been stored if a write gets this status. A 409 or a 412 is about what is there: the client
/// reads that next.
fn may_have_stored(status: u16) -> bool {
    !matches!(status, 400..=499) || matches!(status, 409 | 412)
}
