//! A canary that gives no answer: the other side answers its reads.

use super::chase::{Chase, NextCandidate};
use crate::metrics::CanaryOutcome;

impl Chase<'_> {
    /// The other side, if a read of a canary got no answer from it. A read may be sent again, whatever became of it; an
    /// upgrade only if nothing of it was `sent`.
    pub(super) fn fall_back(&mut self, sent: bool) -> Option<NextCandidate> {
        let canary = self.canary.take_if(|_| self.candidates.at() == 0)?;
        let other = self.other.as_ref().map(|other| other.target.service.clone());
        self.look();
        let other = other
            .and_then(|other| self.candidates.index_of(&other))
            .filter(|at| *at != 0 && !(sent && self.head.upgrade.is_some()));
        let outcome = if other.is_some() { CanaryOutcome::FellBack } else { CanaryOutcome::Failed };
        canary.counts.canary(outcome);
        self.fell_back = other.is_some();
        other.map(NextCandidate::Now)
    }

    /// Counts the answer that the client gets, if it is that of the canary.
    pub(super) fn answered(&mut self, status: u16) {
        if self.candidates.at() == 0
            && let Some(canary) = self.canary.take()
        {
            let outcome =
                if status < 500 { CanaryOutcome::Answered } else { CanaryOutcome::Failed };
            canary.counts.canary(outcome);
        }
    }
}
