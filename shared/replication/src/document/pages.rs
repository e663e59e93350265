//! The pages of a source's feed: which are applied, and what they change.

use std::error::Error;

use super::Document;
use crate::{Changes, Entry, FeedCursor, Handover, MoveError, Position, Role};

impl Document {
    /// Whether a page, which begins at `from`, is to be applied.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_page<M, E: Error + 'static>(
        &self,
        from: &FeedCursor,
        page: &Changes<M>,
    ) -> Result<(), MoveError<E>> {
        let followed = match &self.followed {
            Some(followed) if self.role == Role::Follower => followed,
            _ => return Err(self.not_follower()),
        };
        if page.store != followed.source.store {
            let (page, followed) = (page.store.clone(), followed.source.store.clone());
            return Err(MoveError::OtherSource { page, followed });
        }
        if page.lineage != self.lineage {
            return Err(MoveError::OtherLineage);
        }
        if page.epoch < self.epoch {
            return Err(MoveError::OldEpoch { page: page.epoch, followed: self.epoch });
        }
        // A source that handed over is in its old epoch until it follows its successor. From then on its
        // places no longer are those of the primary.
        let handed_over = page.epoch > self.epoch && page.role != Role::Primary;
        if handed_over || page.role == Role::Retired {
            return Err(MoveError::SourceFollows);
        }
        if followed.cursor != *from {
            return Err(MoveError::OtherCursor { present: followed.cursor.clone() });
        }
        Ok(())
    }

    /// The entries of a page that are to be applied, and the handover to this store that ends them.
    pub fn split<'a, M>(&self, page: &'a Changes<M>) -> (&'a [Entry<M>], Option<&'a Handover>) {
        let mine = |handover: &Handover| {
            handover.to.store == self.store && handover.epoch == page.epoch + 1
        };
        for (place, entry) in page.entries.iter().enumerate() {
            if let Entry::Handover(handover) = entry
                && mine(handover)
            {
                return (&page.entries[..place], Some(handover));
            }
        }
        (&page.entries, None)
    }

    /// Notes that a page was applied.
    pub fn applied<M>(&mut self, page: &Changes<M>) {
        self.revs_above = self.revs_above.max(page.revs_above);
        self.epoch = page.epoch;
        if let Some(followed) = &mut self.followed {
            followed.cursor = page.cursor.clone();
            followed.run = Some(page.heard());
            if page.covered > 0 {
                followed.copied = true;
                let covered = Position { epoch: page.epoch, at: page.covered };
                followed.covered = followed.covered.max(covered);
            }
        }
    }

    /// Takes the ownership that the page hands over, at the store's own place.
    pub fn promote<M>(&mut self, page: &Changes<M>, handover: &Handover, since: u64) {
        self.revs_above = self.revs_above.max(page.revs_above);
        self.predecessor = self.followed.take().map(|followed| followed.source);
        self.become_primary(handover.epoch, since);
    }
}
