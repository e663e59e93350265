//! What becomes of a read that a canary is asked. If it gives no answer, the other side is asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::chase::{Chase, NextCandidate};
use crate::metrics::CanaryOutcome;
use crate::target::RouteTarget;

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
        note(&canary, outcome, Duration::ZERO);
        self.fell_back = other.is_some();
        other.map(NextCandidate::Now)
    }

    /// Counts the answer that the client gets, if it is that of the canary.
    pub(super) fn answered(&mut self, status: u16, asked: Instant) {
        if self.candidates.at() == 0
            && let Some(canary) = self.canary.take()
        {
            let outcome =
                if status < 500 { CanaryOutcome::Answered } else { CanaryOutcome::Failed };
            note(&canary, outcome, asked.elapsed());
        }
    }
}

fn note(canary: &Arc<RouteTarget>, outcome: CanaryOutcome, time: Duration) {
    canary.counts.canary(outcome);
    if let Some(canary) = canary.split.as_ref().and_then(|split| split.canary.as_ref()) {
        canary.tally.asked(outcome != CanaryOutcome::Answered, time);
    }
}
