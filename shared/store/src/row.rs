//! A row as it stands in a store.

use models::view::{Basic, Full};
use models::{Model, Timestamp};

use crate::{Cells, Change, Precondition, Record, StoreError};

/// One living row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<M> {
    /// Given by the store, from 1; never given twice.
    pub id: u64,
    /// Names its state: 1 when it is made, one more with each change, or many more where some are left out.
    pub rev: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// What the client wrote.
    pub content: M,
}

impl<M: Model> Row<M> {
    /// The view that clients get by default.
    pub fn basic(self) -> Basic<M> {
        Basic::new(self.id, self.content)
    }

    /// The view that holds everything.
    pub fn full(self) -> Full<M> {
        let Self { id, created_at, updated_at, content, .. } = self;
        Full { id, content, created_at, updated_at }
    }

    /// The row as a change makes it, but for its rev, which comes with the write; `None` where that changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], [`StoreError::PreconditionFailed`]: in this order, since a request
    /// that would fail without its precondition fails for that (RFC 9110, 13.2.1).
    pub(crate) fn next(
        &self,
        precondition: &Precondition,
        change: impl Change<M>,
    ) -> Result<Option<Self>, StoreError> {
        let content = change(&self.content).map_err(StoreError::Invalid)?;
        precondition.check(self.rev)?;
        if content == self.content {
            return Ok(None);
        }
        let Self { id, rev, created_at, .. } = *self;
        Ok(Some(Self { id, rev, created_at, updated_at: self.touched(), content }))
    }

    /// Now, or when it was changed last where a clock says that this is still to come.
    pub(crate) fn touched(&self) -> Timestamp {
        Timestamp::now().max(self.updated_at)
    }

    /// Reads the columns in the order in which every statement selects them.
    pub(crate) fn read<R: Record<Content = M>>(cells: &mut dyn Cells) -> Result<Self, StoreError> {
        Ok(Self {
            id: cells.id()?,
            rev: cells.id()?,
            created_at: Timestamp { unix_ms: cells.integer()? },
            updated_at: Timestamp { unix_ms: cells.integer()? },
            content: R::content(cells)?,
        })
    }
}
