//! What keeps a feed from going on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The oldest transaction of a PostgreSQL server, while it keeps the feeds on that server from going
/// on: what others committed since it began cannot be put in order before it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockingTransaction {
    /// The server process that runs it; none of a prepared one, and none if it cannot be seen.
    pub pid: Option<i32>,
    /// The name that `PREPARE TRANSACTION` gave it.
    #[serde(default)]
    pub prepared: Option<String>,
    /// The role that began it.
    #[serde(default)]
    pub role: Option<String>,
    /// The database that it works in.
    pub database: Option<String>,
    /// For how long it has been running, or is known to this program, if the server does not tell its role.
    pub seconds: u64,
}

impl fmt::Display for BlockingTransaction {
    /// What holds the feed back, and what ends that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, prepared, role, database, seconds } = self;
        write!(f, "a transaction that is open for {seconds} s")?;
        for (what, name) in [(" of ", role), (" in ", database)] {
            if let Some(name) = name {
                write!(f, "{what}{name}")?;
            }
        }
        f.write_str(" holds the feed back: ")?;
        match (prepared, pid) {
            (Some(name), _) => {
                write!(
                    f,
                    "it is prepared, so COMMIT PREPARED '{name}' or ROLLBACK PREPARED '{name}' there"
                )
            }
            (None, Some(pid)) => write!(
                f,
                "end the one with the pid {pid}, for example with SELECT pg_terminate_backend({pid})"
            ),
            (None, None) => f.write_str(
                "the program's role may not see which; GRANT pg_read_all_stats to it shows that",
            ),
        }
    }
}
