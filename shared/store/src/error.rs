//! What can go wrong in a store, in a store's words.

use std::error::Error;
use std::io;
use std::sync::Arc;

use models::{FieldErrors, Name};

type Cause = Arc<dyn Error + Send + Sync>;

/// Why a store did not do what it was asked. Nothing was stored, unless the variant says otherwise.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is not primary, or its writes are fenced. The primary may be asked.
    #[error("{}", not_primary(primary.as_deref()))]
    NotPrimary {
        /// The collection at its primary, if there is one; `None` while writes are fenced.
        primary: Option<String>,
    },
    /// The id was never given out, or its row is deleted.
    #[error("no such row")]
    NotFound,
    /// The row is not in the state that the caller asked for.
    #[error("the row has changed")]
    PreconditionFailed,
    /// The row belongs to another user than the one that the caller named.
    #[error("the row belongs to another user")]
    OtherAuthor,
    /// Another living row holds this value.
    #[error("this {field} is taken")]
    Taken {
        /// The field in which no two rows may agree.
        field: Name,
    },
    /// The idempotency key came before, with another content.
    #[error("the idempotency key was used with another content")]
    KeyReused,
    /// The change would make a content that breaks rules.
    #[error("the content breaks rules")]
    Invalid(FieldErrors),
    /// There is no space left to write to. Reads go on.
    #[error("no space is left")]
    Full(#[source] Cause),
    /// Too many writes are waiting.
    #[error("too many writes are waiting")]
    Busy,
    /// The store cannot be reached now.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Cause),
    /// A write was being committed when its answer was lost: it may be stored, or not. Or it was committed, and what
    /// follows it failed.
    #[error("the answer to a commit was lost; the write may be stored, or not")]
    OutcomeUnknown(#[source] Cause),
    /// A fault of this program or of the stored data.
    #[error("the store failed")]
    Failed(#[source] Cause),
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

    /// The same error of a commit: a store that cannot be reached then leaves it open what is stored.
    pub(crate) fn perhaps_done(self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::OutcomeUnknown(cause),
            other => other,
        }
    }

    /// The same error of what comes after a commit: whatever it is, something is stored.
    pub(crate) fn after_commit(self) -> Self {
        match self {
            unknown @ Self::OutcomeUnknown(_) => unknown,
            other => Self::outcome_unknown(other),
        }
    }

    /// For a store whose writer has stopped.
    pub(crate) fn closed() -> Self {
        Self::unavailable(io::Error::other("the store is closed"))
    }
}

fn not_primary(primary: Option<&str>) -> String {
    match primary {
        Some(primary) => format!("another store is the primary of the collection: {primary}"),
        None => "the store takes no writes now".to_owned(),
    }
}

/// Why a store could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached or written to.
    #[error("cannot open {database}; {advice}")]
    Unreachable {
        /// Which database, without its password.
        database: String,
        /// What to do about it.
        advice: &'static str,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// The file is damaged, or no database.
    #[error(
        "{database} is damaged or no database ({finding}); nothing was changed: move it away and restore a backup, or \
         name another one"
    )]
    Damaged {
        /// The file.
        database: String,
        /// What is wrong with it.
        finding: String,
    },
    /// A newer program made the schema.
    #[error(
        "the schema of `{collection}` in {database} is version {found}, this program knows versions up to {known}; \
         nothing was changed: run the newer program"
    )]
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
    #[error("{database} cannot keep `{collection}`: {reason}; nothing was changed")]
    Collection {
        /// Which database.
        database: String,
        /// The collection.
        collection: Name,
        /// Why not.
        reason: String,
    },
    /// The schema could not be made or brought up to date.
    #[error(
        "cannot make the schema in {database}; nothing was changed: give it a database of its own, and a role that may \
         create tables"
    )]
    Schema {
        /// Which database.
        database: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
}
