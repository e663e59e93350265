//! What PostgreSQL's error codes (appendix A of its manual) mean for a program.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};

/// What kind of failure a statement met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The disk is full.
    Full,
    /// It may pass by itself: the connection, a lock, a shutdown, a standby.
    Passing,
    /// The same statement fails again.
    Lasting,
}

impl Failure {
    /// The kind of an error.
    pub fn of(error: &Error) -> Self {
        let Some(state) = error.code() else {
            // What has no code did not come from the server: the way to it is broken, or an answer was
            // not understood.
            let broken = error.is_closed()
                || error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>);
            return if broken { Self::Passing } else { Self::Lasting };
        };
        if *state == SqlState::DISK_FULL {
            return Self::Full;
        }
        // 08 connection, 40 rollback (a deadlock), 53 resources, 55 not in the right state (a lock, or a database
        // that takes no connections), 57 operator intervention (a shutdown, a statement's time limit), 25006 a
        // read-only standby.
        let passing =
            ["08", "40", "53", "55", "57"].iter().any(|class| state.code().starts_with(class));
        let passing = passing || *state == SqlState::READ_ONLY_SQL_TRANSACTION;
        if passing || is_lost_statement(state) { Self::Passing } else { Self::Lasting }
    }
}

/// Whether a prepared statement is not there, or one of another program is there under its name.
pub fn is_lost_statement(state: &SqlState) -> bool {
    [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT].contains(state)
}

/// Whether an error is the server's own word that a statement failed, on a connection that stays. Only that says
/// that a commit stored nothing: a server that shuts down, or a pooler in between that lost it, may have committed.
pub fn is_refusal(error: &Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        let lost = ["08", "57P"].iter().any(|class| error.code().code().starts_with(class));
        error.parsed_severity() == Some(Severity::Error) && !lost
    })
}
