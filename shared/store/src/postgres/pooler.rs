//! What is in between: nothing, or a pooler that shares sessions.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio::time::timeout;
use tokio_postgres::{Error, SimpleQueryMessage};

use crate::{OpenError, PostgresUrl};

const SESSION_NUMBER: &str = "SELECT pg_backend_pid()";
/// How often to look. If others use the pooler too, one of them may come between two looks.
const LOOKS: usize = 4;
/// For how long to look.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether two connections share sessions, as they do behind a pooler in transaction mode: one connection
/// then meets different sessions, or both the same one.
///
/// # Errors
/// If a pooler in statement mode is in between: it has no transactions.
pub(super) async fn shares(
    one: &Object,
    other: &Object,
    url: &PostgresUrl,
) -> Result<bool, OpenError> {
    let looked = timeout(PATIENCE, async {
        let session = session(one).await?;
        for _ in 0..LOOKS {
            if self::session(one).await? != session {
                return Ok(true);
            }
            // While this transaction runs, its session is not given to another one.
            other.batch_execute("BEGIN").await?;
            let met =
                self::session(other).await? == session || self::session(one).await? != session;
            other.batch_execute("ROLLBACK").await?;
            if met {
                return Ok(true);
            }
        }
        Ok(false)
    });
    match looked.await {
        Ok(Ok(shares)) => Ok(shares),
        // Too slow to tell; the first statement that is lost will.
        Err(_elapsed) => Ok(false),
        Ok(Err(error)) => Err(refused(error, url)),
    }
}

async fn session(connection: &Object) -> Result<Option<String>, Error> {
    let answer = connection.simple_query(SESSION_NUMBER).await?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

fn refused(error: Error, url: &PostgresUrl) -> OpenError {
    let statement_mode = error.as_db_error().is_some_and(|error| {
        error.message().contains("statement pooling")
            || error.message().contains("transaction blocks")
    });
    let advice = if statement_mode {
        "a pooler in statement mode is in between, which has no transactions; set it to session or \
         transaction mode"
    } else {
        "its first statements failed; look at the log of the server, and of a pooler in between"
    };
    OpenError::Unreachable { database: url.to_string(), advice, cause: Arc::new(error) }
}
