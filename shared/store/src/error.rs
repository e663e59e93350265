//! What can go wrong in a store, in a store's words.

use std::error::Error;
use std::sync::Arc;
use std::{fmt, io};

use models::{FieldErrors, Name};

type Cause = Arc<dyn Error + Send + Sync>;

/// Why a store did not do what it was asked. Nothing was stored, unless the variant says otherwise.
#[derive(Clone, Debug)]
pub enum StoreError {
    /// The store is not primary, or its writes are fenced. The primary may be asked.
    NotPrimary {
        /// The collection at its primary, if there is one; `None` while writes are fenced.
        primary: Option<String>,
    },
    /// The id was never given out, or its row is deleted.
    NotFound,
    /// The row is not in the state that the caller asked for.
    PreconditionFailed,
    /// Another living row holds this value.
    Taken {
        /// The field in which no two rows may agree.
        field: Name,
    },
    /// The idempotency key came before, with another content.
    KeyReused,
    /// The change would make a content that breaks rules.
    Invalid(FieldErrors),
    /// There is no space left to write to. Reads go on.
    Full(Cause),
    /// Too many writes are waiting.
    Busy,
    /// The store cannot be reached now.
    Unavailable(Cause),
    /// A write was being committed when its answer was lost: it may be stored, or not.
    OutcomeUnknown(Cause),
    /// A fault of this program or of the stored data.
    Failed(Cause),
}

impl StoreError {
    pub(crate) fn full(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Full(Arc::new(cause))
    }

    pub(crate) fn unavailable(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(cause))
    }

    pub(crate) fn failed(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(cause))
    }

    pub(crate) fn outcome_unknown(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::OutcomeUnknown(Arc::new(cause))
    }

    /// The same error of what comes with or after a commit: a store that cannot be reached then leaves it
    /// open what is stored.
    pub(crate) fn perhaps_done(self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::OutcomeUnknown(cause),
            other => other,
        }
    }

    /// For a store whose writer has stopped.
    pub(crate) fn closed() -> Self {
        Self::unavailable(io::Error::other("the store is closed"))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPrimary { primary: Some(primary) } => {
                write!(f, "another store is the primary of the collection: {primary}")
            }
            Self::NotPrimary { primary: None } => f.write_str("the store takes no writes now"),
            Self::NotFound => f.write_str("no such row"),
            Self::PreconditionFailed => f.write_str("the row has changed"),
            Self::Taken { field } => write!(f, "this {field} is taken"),
            Self::KeyReused => f.write_str("the idempotency key was used with another content"),
            Self::Invalid(_) => f.write_str("the content breaks rules"),
            Self::Full(_) => f.write_str("no space is left"),
            Self::Busy => f.write_str("too many writes are waiting"),
            Self::Unavailable(_) => f.write_str("the store cannot be reached"),
            Self::OutcomeUnknown(_) => {
                f.write_str("the answer to a commit was lost; the write may be stored, or not")
            }
            Self::Failed(_) => f.write_str("the store failed"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Full(cause)
            | Self::Unavailable(cause)
            | Self::OutcomeUnknown(cause)
            | Self::Failed(cause) => Some(&**cause),
            Self::NotPrimary { .. }
            | Self::NotFound
            | Self::PreconditionFailed
            | Self::Taken { .. }
            | Self::KeyReused
            | Self::Invalid(_)
            | Self::Busy => None,
        }
    }
}

/// Why a store could not be opened. Nothing in it was changed.
#[derive(Debug)]
pub enum OpenError {
    /// The database cannot be reached or written to.
    Unreachable {
        /// Which database, without its password.
        database: String,
        /// What to do about it.
        advice: &'static str,
        /// What the engine said.
        cause: Cause,
    },
    /// The file is damaged, or no database.
    Damaged {
        /// The file.
        database: String,
        /// What is wrong with it.
        finding: String,
    },
    /// A newer program made the schema.
    Newer {
        /// Which database.
        database: String,
        /// The collection whose schema is newer.
        collection: Name,
        /// The version in the database.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The description of a collection cannot be stored, or not in the table that is there.
    Collection {
        /// Which database.
        database: String,
        /// The collection.
        collection: Name,
        /// Why not.
        reason: String,
    },
    /// The schema could not be made or brought up to date.
    Schema {
        /// Which database.
        database: String,
        /// What the engine said.
        cause: Cause,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { database, advice, .. } => {
                write!(f, "cannot open {database}; {advice}")
            }
            Self::Damaged { database, finding } => write!(
                f,
                "{database} is damaged or no database ({finding}); nothing was changed: \
                 move it away and restore a backup, or name another one in DATABASE_URL"
            ),
            Self::Newer { database, collection, found, known } => write!(
                f,
                "the schema of `{collection}` in {database} is version {found}, this program knows \
                 versions up to {known}; nothing was changed: run the newer program"
            ),
            Self::Collection { database, collection, reason } => {
                write!(f, "{database} cannot keep `{collection}`: {reason}; nothing was changed")
            }
            Self::Schema { database, .. } => write!(
                f,
                "cannot make the schema in {database}; nothing was changed: give it a database of \
                 its own, and a role that may create tables"
            ),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable { cause, .. } | Self::Schema { cause, .. } => Some(&**cause),
            Self::Damaged { .. } | Self::Newer { .. } | Self::Collection { .. } => None,
        }
    }
}
