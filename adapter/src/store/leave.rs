//! Leaving a move: a store is emptied, or its service ends.

use replication::{Ownership, OwnershipStep};

use super::AdapterStore;
use super::ownership::OwnershipTx;
use super::transaction::Bars;
use crate::apply::order::order;
use crate::apply::user_triggers::rouse;
use crate::cascades::check_alone;
use crate::store_error::{MoveError, StoreError};

impl AdapterStore {
    /// Ends a follower's service. Its rows go, unless they are to be kept. If only their removal fails, the outcome is
    /// [unknown](StoreError::OutcomeUnknown), and a repeat removes the rest.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::NoSuccessor`], [`MoveError::HandoverOpen`], [`StoreError::Kept`] if rows
    /// of other tables went with its own, or if the store cannot be written.
    pub async fn retire(&self, keep_rows: bool) -> Result<Ownership, MoveError> {
        self.change("retire", Bars::Writes, async |tx| {
            let facts = tx.facts.clone();
            tx.document.step(OwnershipStep::Retire, &facts)?;
            if !keep_rows {
                check_alone(tx.session, &self.inner.collection).await?;
            }
            Ok(tx.save().await?)
        })
        .await?;
        if !keep_rows {
            let emptied = self.change("purge", Bars::Emptying, async |tx| {
                self.empty(tx).await?;
                Ok(tx.save().await?)
            });
            emptied.await.map_err(|error| match error {
                MoveError::Store(error) => MoveError::Store(error.after_commit()),
                refused => refused,
            })?;
        }
        self.after_step().await
    }

    /// Makes a follower a store that was never used. Of what it copied nothing stays; it only remembers the address of the
    /// source. Until it follows again it takes no writes. If the store was never used, changes nothing.
    ///
    /// # Errors
    /// [`MoveError::NotFollower`], [`MoveError::HandoverOpen`], [`StoreError::Kept`] if rows of other tables went with its
    /// own, or if the store cannot be written.
    pub async fn cancel(&self) -> Result<Ownership, MoveError> {
        self.change("cancel", Bars::Emptying, async |tx| {
            if !tx.document.check_cancel(tx.facts.rows)? {
                return Ok(tx.save().await?);
            }
            self.empty(tx).await?;
            let (objects, statements) = (&self.inner.objects, tx.statements);
            let lines = [objects.feed(), objects.log()].map(|table| format!("DELETE FROM {table}"));
            let rest =
                [&statements.forget_marks, &statements.forget_followers, &statements.forget_runs];
            for sql in lines.iter().chain(rest) {
                tx.session.batch("forgetting the copy", sql).await?;
            }
            rouse(tx.session, objects).await?;
            tx.document = tx.document.cancelled();
            tx.save().await?;
            Ok(tx.begin_run(0, tx.next_place()?).await?)
        })
        .await?;
        self.after_step().await
    }

    /// Removes all rows, those that refer to others first.
    async fn empty(&self, tx: &OwnershipTx<'_>) -> Result<(), StoreError> {
        let super::Inner { collection, objects, .. } = &*self.inner;
        check_alone(tx.session, collection).await?;
        tx.session.batch("removing rows", &format!("DELETE FROM {}", objects.held())).await?;
        for place in order(tx.session, collection).await?.into_iter().rev() {
            let table = collection.members[place].sql();
            let what = format!("removing the rows of {table}");
            tx.session.batch(&what, &format!("DELETE FROM {table}")).await?;
        }
        Ok(())
    }
}
