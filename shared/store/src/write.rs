//! What a write is told, and what it answers.

use models::{Cell, FieldErrors, Timestamp};

use crate::StoreError;

/// For how many hours an idempotency key is remembered.
pub const IDEMPOTENCY_HOURS: i64 = 24;
/// The same in milliseconds.
pub(crate) const IDEMPOTENCY_MS: i64 = IDEMPOTENCY_HOURS * 60 * 60 * 1_000;

/// A key that makes a repeated insert give its first answer again.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// What the client sent, 1 to 255 characters.
    pub key: String,
    /// Tells one content from another.
    pub fingerprint: String,
}

impl Idempotency {
    /// Keys from before this time are forgotten.
    pub(crate) fn cutoff(now: Timestamp) -> i64 {
        now.unix_ms - IDEMPOTENCY_MS
    }

    /// Checks that a key that was there before came with the same content.
    pub(crate) fn same(&self, fingerprint: &str) -> Result<(), StoreError> {
        if self.fingerprint == fingerprint { Ok(()) } else { Err(StoreError::KeyReused) }
    }
}

/// What an insert made, now or when its idempotency key came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The row's id.
    pub id: u64,
    /// The row's full view as JSON, as it was when it was made (its rev was 1).
    pub answer: String,
    /// Whether an earlier insert made it.
    pub replayed: bool,
}

impl Created {
    /// `json` is the row's full view.
    pub(crate) fn new(id: u64, json: Vec<u8>) -> Result<Self, StoreError> {
        let answer = String::from_utf8(json).map_err(StoreError::failed)?;
        Ok(Self { id, answer, replayed: false })
    }
}

/// The state in which a row must be for a write to happen (RFC 9110, 13).
#[derive(Clone, Debug, Default)]
pub struct Precondition {
    /// The row's rev is one of these.
    pub rev_in: Option<Vec<u64>>,
    /// The row's rev is none of these.
    pub rev_not_in: Option<Vec<u64>>,
    /// The row must not exist at all; so no change of it can happen.
    pub absent: bool,
    /// The field at this place holds this value: otherwise the row is another user's.
    pub author: Option<(usize, Cell)>,
}

impl Precondition {
    /// Whether the row belongs to the user that the caller named, if it named one. This comes before all else, so that a
    /// row of another user says nothing more.
    pub(crate) fn check_author(&self, cells: &[Cell]) -> Result<(), StoreError> {
        match &self.author {
            Some((place, author)) if cells.get(*place) != Some(author) => {
                Err(StoreError::OtherAuthor)
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check(&self, rev: u64) -> Result<(), StoreError> {
        let wanted = self.rev_in.as_ref().is_none_or(|revs| revs.contains(&rev));
        let unwanted = self.rev_not_in.as_ref().is_some_and(|revs| revs.contains(&rev));
        if wanted && !unwanted && !self.absent {
            Ok(())
        } else {
            Err(StoreError::PreconditionFailed)
        }
    }
}

/// Makes a row's next cells out of its present ones, inside the transaction.
pub type Change = Box<dyn FnOnce(&[Cell]) -> Result<Vec<Cell>, FieldErrors> + Send>;
