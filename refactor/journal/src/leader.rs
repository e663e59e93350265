//! The one process that changes the state, and how it waits until the others have a change.

use std::time::{Duration, Instant};

use crate::locks::{LOCKS, held};
use crate::membership::{CHANNEL, LIVE};
use crate::{Error, Journal, Membership, Transaction, values};

/// For how long a change waits for a process that is there and does not follow.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks if it hears nothing.
const POLL: Duration = Duration::from_millis(50);

impl Transaction<'_> {
    /// Notes that other processes have to follow what is changed; they are told with the commit. Gives the version that
    /// this makes. Nothing if there are none.
    ///
    /// # Errors
    /// What the engine says.
    pub fn announce(&self) -> Result<Option<i64>, Error> {
        if !self.is_shared() {
            return Ok(None);
        }
        let sql = "UPDATE control_version SET version = version + 1 RETURNING version";
        let version = self.one(sql, values![], |row| row.number(0))?;
        self.notify()?;
        Ok(version)
    }

    pub(crate) fn notify(&self) -> Result<(), Error> {
        self.run("SELECT pg_notify(?1, '')", values![CHANNEL])
    }
}

impl Journal {
    /// Makes this session the one that changes the state, if no other one is. It is for as long as it lasts: the lock
    /// belongs to the session, and so does every change, so there is no moment at which a process that has lost the lock
    /// can change something.
    ///
    /// # Errors
    /// If the session is over.
    pub fn lead(&self, member: Membership) -> Result<bool, Error> {
        let lock = "SELECT pg_try_advisory_lock(?1::int4, 0)";
        let leads = self.write(|state| state.one(lock, values![LOCKS], |row| row.flag(0)))?;
        if leads != Some(true) {
            return Ok(false);
        }
        self.listen()?;
        let noted = "UPDATE control_version SET leader = ?1, leader_pid = pg_backend_pid()";
        self.write(|state| state.run(noted, values![member.id]))?;
        Ok(true)
    }

    /// Waits until every live process has what is changed so far. Gives the names of those that do not have it and were
    /// not waited for: they lost the control database, or ended without leaving. Nothing with SQLite.
    ///
    /// # Errors
    /// If this session does not lead any more: then the change may be known to no process.
    pub fn everywhere(&self) -> Result<Vec<String>, Error> {
        if self.session().is_none() {
            return Ok(Vec::new());
        }
        let deadline = Instant::now() + PATIENCE;
        let sql = "SELECT version FROM control_version";
        let version = self.read(|state| state.one(sql, values![], |row| row.number(0)))?;
        let version = version.unwrap_or_default();
        let sql = format!(
            "SELECT p.name, p.seen > clock_timestamp() - interval '{LIVE}'
                 AND EXISTS (SELECT 1 FROM pg_locks AS l WHERE {}) AS live
             FROM control_processes AS p JOIN control_version AS v ON p.id <> v.leader
             WHERE p.applied < ?1 AND p.seen > '-infinity' ORDER BY p.name",
            held("p.id")
        );
        loop {
            let heard = self.heard();
            let behind = self.read(|state| {
                state.all(&sql, values![version], |row| Ok((row.text(0)?, row.flag(1)?)))
            })?;
            let late = Instant::now() >= deadline;
            if late || behind.iter().all(|(_, live)| !live) {
                return Ok(behind.into_iter().map(|(name, _)| name).collect());
            }
            self.hear(heard, POLL);
        }
    }

    /// Whether another live process has an upload of an application under way that began with earlier routes.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn has_earlier_uploads(&self, application: &str) -> Result<bool, Error> {
        if self.session().is_none() {
            return Ok(false);
        }
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM control_processes AS p, control_version AS v
             WHERE p.id <> v.leader AND strpos(p.uploads, ?1) > 0
                 AND p.seen > clock_timestamp() - interval '{LIVE}')"
        );
        let found = self.read(|state| state.one(&sql, values![application], |row| row.flag(0)))?;
        Ok(found.unwrap_or_default())
    }

    /// Gives up the session: another process can lead at once.
    pub fn resign(&self) {
        if let Some(session) = self.session() {
            session.close();
        }
    }
}
