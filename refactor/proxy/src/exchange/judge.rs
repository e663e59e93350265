//! Whether an answer may reach the client, and which candidate to ask next if it must not.

use http1::{FieldKind, ResponseHead};

use super::chase::{Chase, NextCandidate};
use super::ended::Ended;
use super::freshness::position;
use super::problems::{perhaps_lost, unanswered};
use crate::ownership::Epoch;
use crate::split::is_read;
use crate::upstream::UpstreamError;

/// The status of an answer that says that another service is the primary (RFC 9110, 15.5.20).
const MISDIRECTED: u16 = 421;
/// From here on a status says that nothing was done, or is an error all the same (RFC 9110, 15.5 and 15.6).
const BAD_REQUEST: u16 = 400;
/// The status of an answer that may only mean that this follower lags, if it names the primary.
const NOT_FOUND: u16 = 404;

/// Whether an answer is that of a store of a collection: it says how far it has come, or where its primary is. Other
/// programs may have reasons of their own for a 421, which are their clients' business.
fn is_of_a_store(answer: &ResponseHead<'_>) -> bool {
    answer.first(FieldKind::Position).or(answer.first(FieldKind::Primary)).is_some()
}

impl Chase<'_> {
    /// The candidate to ask next, if this answer must not reach the client.
    ///
    /// # Errors
    /// 502 if a store that is no longer the primary took a write, which may be lost.
    pub(super) fn judge(
        &mut self,
        answer: &ResponseHead<'_>,
    ) -> Result<Option<NextCandidate>, Ended> {
        if answer.status == MISDIRECTED && is_of_a_store(answer) {
            return Ok(Some(self.past_misdirected(answer)));
        }
        if self.is_over(answer) {
            return self.past_epoch(answer).map(Some);
        }
        if let Some(primary) = answer.first(FieldKind::Primary) {
            if answer.status == NOT_FOUND
                && is_read(&self.head.method)
                && let Some(next) = self.past_not_found(primary)
            {
                return Ok(Some(next));
            }
            if self.freshness.forgotten {
                return Ok(self.past_copy(primary));
            }
        }
        Ok(self.past_position(answer))
    }

    /// Whether the answer's epoch is over: for a read by now, for a write before it was sent. A write that was under
    /// way during a switch is safe, unless the promotion was forced. A write that was refused cannot be lost.
    fn is_over(&self, answer: &ResponseHead<'_>) -> bool {
        let Some(now) = self.present() else { return false };
        let first = match is_read(&self.head.method) {
            true => now.first(),
            false if answer.status >= BAD_REQUEST => return false,
            false => now.lost_below.max(self.epoch.map_or(0, Epoch::first)),
        };
        position(answer).is_some_and(|said| said.epoch < first)
    }

    /// The candidate to ask next after an answer from an epoch that is over. The connection of that answer is closed.
    fn past_epoch(&mut self, answer: &ResponseHead<'_>) -> Result<NextCandidate, Ended> {
        self.look();
        self.unhint();
        if !is_read(&self.head.method) {
            return Err(perhaps_lost(&self.side().target));
        }
        self.chases().read_again.inc();
        self.named =
            answer.first(FieldKind::Primary).and_then(|primary| self.candidates.named(primary));
        let named = self.named.filter(|primary| self.candidates.is_new(*primary));
        Ok(named.map_or_else(|| self.another_or_wait(), NextCandidate::Now))
    }

    /// The candidate to ask next after a 421.
    fn past_misdirected(&mut self, answer: &ResponseHead<'_>) -> NextCandidate {
        self.chases().misdirected.inc();
        self.look();
        self.unhint();
        let named =
            answer.first(FieldKind::Primary).and_then(|primary| self.candidates.named(primary));
        self.named = named.or(self.named);
        match named {
            Some(primary) => self.ask_primary(primary),
            // A follower that lags too much, and whose primary is not a candidate.
            None if is_read(&self.head.method) => self.another_or_wait(),
            None => NextCandidate::Later(self.candidates.at()),
        }
    }

    /// The primary that a follower names, if it was not asked: the follower may only lag.
    fn past_not_found(&mut self, primary: &[u8]) -> Option<NextCandidate> {
        self.look();
        self.named = self.candidates.named(primary);
        let primary = self.named.filter(|primary| self.candidates.is_new(*primary))?;
        self.chases().read_again.inc();
        Some(NextCandidate::Now(primary))
    }

    /// The candidate to ask next if a follower names its primary and must not answer. A follower may answer if its
    /// primary is not a candidate, because no better service is known.
    fn past_copy(&mut self, primary: &[u8]) -> Option<NextCandidate> {
        self.look();
        let at = self.candidates.at();
        let primary = self.candidates.named(primary).filter(|primary| *primary != at)?;
        self.named = Some(primary);
        self.chases().read_again.inc();
        Some(self.ask_primary(primary))
    }

    /// The candidate to ask next if the answer is older than what the client wrote.
    fn past_position(&mut self, answer: &ResponseHead<'_>) -> Option<NextCandidate> {
        let needed = self.freshness.position()?;
        let position = position(answer);
        self.freshness.told |= position.is_some();
        if position.is_some_and(|position| position >= needed) {
            return None;
        }
        let is_primary = answer.first(FieldKind::Primary).is_none();
        if self.is_late() && self.freshness.is_only_said() && is_primary {
            // The primary has no more than this: the client means another collection, or what it wrote was lost.
            return None;
        }
        let another = self.another();
        if another.is_none() && !self.freshness.told {
            // No service here reports positions, so no answer can be too old.
            return None;
        }
        self.chases().read_again.inc();
        Some(another.map_or(NextCandidate::Later(self.first_again()), NextCandidate::Now))
    }

    /// The candidate to ask next if a service gave no answer.
    ///
    /// # Errors
    /// 502, 503 or 504 if there is none.
    pub(super) fn past_failure(&mut self, failure: UpstreamError) -> Result<NextCandidate, Ended> {
        let next = self.without(&failure);
        next.ok_or_else(|| unanswered(&self.side().target, failure))
    }

    /// The candidate to ask next if a service received nothing of the request and was not the only candidate, or if
    /// it was a canary's.
    fn without(&mut self, failure: &UpstreamError) -> Option<NextCandidate> {
        let unsent = matches!(
            failure,
            UpstreamError::Down(_)
                | UpstreamError::Unreachable(_)
                | UpstreamError::Untrusted(..)
                | UpstreamError::Unconnected
                | UpstreamError::Busy(_)
        );
        if let Some(other) = self.fall_back(!unsent) {
            return Some(other);
        }
        if self.fell_back {
            return None;
        }
        if let UpstreamError::Busy(_) = failure {
            // It may still be the primary, and others are not asked in its stead.
            return None;
        }
        // Also if the service may have received the request: the next request must not fail in the same way.
        let hinted = self.unhint();
        if !unsent {
            return None;
        }
        if hinted {
            return Some(NextCandidate::Now(0));
        }
        self.search.as_ref()?;
        if self.freshness.position().is_some() {
            return Some(self.another_or_wait());
        }
        let at = self.candidates.at();
        let next = self.named.filter(|named| *named != at);
        Some(NextCandidate::Later(next.unwrap_or((at + 1) % self.candidates.count())))
    }

    /// The primary, at once if it was not asked since the last wait.
    fn ask_primary(&self, primary: usize) -> NextCandidate {
        if self.candidates.is_new(primary) {
            NextCandidate::Now(primary)
        } else {
            NextCandidate::Later(primary)
        }
    }

    fn another_or_wait(&self) -> NextCandidate {
        self.another().map_or(NextCandidate::Later(self.first_again()), NextCandidate::Now)
    }

    /// A candidate for a read that was not asked since the last wait.
    fn another(&self) -> Option<usize> {
        let mut others =
            (0..self.candidates.count()).filter(|index| self.candidates.is_new(*index));
        others.find(|index| self.freshness.concerns(self.candidates.upstream(*index)))
    }

    /// The candidate that a read asks first after a wait: the one that took the write.
    fn first_again(&self) -> usize {
        let taken = |index: &usize| self.freshness.was_taken_by(self.candidates.upstream(*index));
        (0..self.candidates.count()).find(taken).unwrap_or_default()
    }
}
