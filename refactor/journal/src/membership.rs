//! A process among those that share a control database.

use std::time::Duration;

use crate::locks::{LOCKS, held};
use crate::{Error, Journal, values};

/// The newest form of the tables that this program knows.
const SCHEMA_VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS control_version (
        one FLAG PRIMARY KEY DEFAULT true CHECK (one),
        schema NUMBER NOT NULL,
        version NUMBER NOT NULL, -- grows with each change that other processes have to follow
        leader NUMBER, -- the process that leads, or led last
        leader_pid NUMBER -- its session
    );
    CREATE TABLE IF NOT EXISTS control_processes (
        id SEQUENCE,
        name TEXT NOT NULL UNIQUE,
        address TEXT NOT NULL,
        applied NUMBER NOT NULL, -- the version whose routes it has
        uploads TEXT NOT NULL, -- the applications with uploads that began with earlier routes, as JSON
        seen TIMESTAMPTZ NOT NULL -- by the clock of the server
    );
    CREATE TABLE IF NOT EXISTS control_notes (
        name TEXT PRIMARY KEY,
        text TEXT NOT NULL
    );
";

/// Notifications of a new version, and of a process that has applied one.
pub(crate) const CHANNEL: &str = "banyan_control";
/// How often to look whether a pooler shares sessions. If others use it too, one of them may come between two looks.
const LOOKS: usize = 4;
/// A process that is silent for longer is not waited for.
pub(crate) const LIVE: &str = "5 s";
/// A leader that is silent for longer loses its session.
const SILENT_LEADER: &str = "10 s";
/// A process that is silent for longer is forgotten.
const FORGOTTEN: &str = "1 hour";

/// A process among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    pub(crate) id: i64,
}

/// Why a process cannot take part.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// A process with this name is there.
    #[error(
        "a process named {0} uses this control database already; stop it, or set CONTROL_NAME to another name"
    )]
    Taken(String),
    /// A pooler gives each transaction another session, so there is no lock that one process holds.
    #[error(
        "a pooler that shares sessions is in between: name the server itself, or set the pooler to session mode"
    )]
    Pooler,
    /// A newer program made the tables.
    #[error(
        "the control database has version {found}, and {SCHEMA_VERSION} is the newest known; it is left as it is: run \
         the newer program"
    )]
    Newer {
        /// The version in the database.
        found: i64,
    },
    /// The server cannot be reached.
    #[error("the control database cannot be reached")]
    Unreachable(#[source] Error),
    /// The tables cannot be made or used.
    #[error(
        "the control database cannot be used: the role must be able to make tables, and own them"
    )]
    Failed(#[source] Error),
}

impl From<Error> for JoinError {
    fn from(error: Error) -> Self {
        if error.is_over() { Self::Unreachable(error) } else { Self::Failed(error) }
    }
}

/// Another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessAddress {
    /// Its name.
    pub name: String,
    /// The address of its control port: `HOST:PORT`.
    pub address: String,
}

impl Journal {
    /// Whether each transaction of this session and of another one is in a session of its own on the server.
    ///
    /// # Errors
    /// If a session is over.
    fn keeps_session(&self, other: &Self) -> Result<bool, Error> {
        let sql = "SELECT pg_backend_pid()";
        let number =
            |journal: &Self| journal.read(|state| state.one(sql, values![], |row| row.number(0)));
        let own = number(self)?;
        for _ in 0..LOOKS {
            // While this transaction runs, its session is not given to another one.
            let apart = other.read(|state| {
                let its = state.one(sql, values![], |row| row.number(0))?;
                Ok::<_, Error>(its != own && number(self)? == own)
            })?;
            if !apart || number(self)? != own {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes part in a control database, through this session: makes the tables, and notes the process under its name.
    /// From now on, changes wait for it. The session is told of each change ([`Journal::hear`]). `other` is another session,
    /// only to see whether sessions are kept.
    ///
    /// # Errors
    /// If a pooler shares sessions, another process has that name, the tables are those of a newer program, or cannot be made.
    pub fn join(&self, other: &Self, name: &str, address: &str) -> Result<Membership, JoinError> {
        if !self.keeps_session(other)? {
            return Err(JoinError::Pooler);
        }
        self.make_tables(SCHEMA)?;
        self.listen()?;
        let first =
            "INSERT INTO control_version (schema, version) VALUES (?1, 0) ON CONFLICT DO NOTHING";
        let found = self.write(|state| {
            state.run(first, values![SCHEMA_VERSION])?;
            state.one("SELECT schema FROM control_version", values![], |row| row.number(0))
        })?;
        if let Some(found) = found.filter(|found| *found > SCHEMA_VERSION) {
            return Err(JoinError::Newer { found });
        }
        // A row of that name is kept: while its process was away, changes named it.
        let known = "INSERT INTO control_processes (name, address, applied, uploads, seen)
            VALUES (?1, ?2, -1, '[]', '-infinity') ON CONFLICT DO NOTHING";
        let id = self.write(|state| {
            state.run(known, values![name, address])?;
            let find = "SELECT id FROM control_processes WHERE name = ?1";
            state.one(find, values![name], |row| row.number(0))
        })?;
        let id = id.ok_or_else(|| Error::failed("the process is not noted"))?;
        let lock = "SELECT pg_try_advisory_lock(?1::int4, ?2::int4)";
        let taken = self.write(|state| state.one(lock, values![LOCKS, id], |row| row.flag(0)))?;
        if taken != Some(true) {
            return Err(JoinError::Taken(name.to_owned()));
        }
        let here = "UPDATE control_processes
            SET address = ?2, applied = -1, uploads = '[]', seen = clock_timestamp() WHERE id = ?1";
        self.write(|state| state.run(here, values![id, address]))?;
        Ok(Membership { id })
    }

    /// Says that a process is there, which version it has applied, and which applications have uploads that began with
    /// earlier routes. Gives the version that is the newest now.
    ///
    /// # Errors
    /// If the process is not noted any more, or the session is over.
    pub fn beat(&self, member: Membership, applied: i64, uploads: &[String]) -> Result<i64, Error> {
        let uploads = serde_json::to_string(uploads)?;
        let beat = "UPDATE control_processes AS p
            SET applied = ?2, uploads = ?3, seen = clock_timestamp()
            FROM control_version AS v, control_processes AS before
            WHERE p.id = ?1 AND before.id = p.id
            RETURNING v.version, before.applied <> p.applied";
        let version = self.write(|state| {
            let values = values![member.id, applied, uploads];
            let found = state.one(beat, values, |row| Ok((row.number(0)?, row.flag(1)?)))?;
            let (version, moved) = found.ok_or_else(|| Error::failed("the process is not noted"))?;
            if moved {
                state.notify()?;
            }
            let old = format!(
                "DELETE FROM control_processes WHERE seen < clock_timestamp() - interval '{FORGOTTEN}'
                     AND id <> ?1 AND seen > '-infinity'"
            );
            state.run(&old, values![member.id])?;
            Ok::<_, Error>(version)
        })?;
        self.end_silent_leader()?;
        Ok(version)
    }

    /// Ends the session of a leader that does not work, though the server still sees it: a process that is stopped, say.
    fn end_silent_leader(&self) -> Result<(), Error> {
        let sql = format!(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks AS l
             JOIN control_version AS v ON v.leader_pid = l.pid
             JOIN control_processes AS p ON p.id = v.leader
             WHERE {} AND p.seen < clock_timestamp() - interval '{SILENT_LEADER}'",
            held("0")
        );
        let ended = self.read(|state| state.all(&sql, values![], |row| row.flag(0)))?;
        if !ended.is_empty() {
            log::warn!(
                "the process that led is silent; its session is ended, and another one leads"
            );
        }
        Ok(())
    }

    /// Takes a process out: changes do not wait for it any more, and do not name it.
    ///
    /// # Errors
    /// If the session is over.
    pub fn leave(&self, member: Membership) -> Result<(), Error> {
        let sql = "DELETE FROM control_processes WHERE id = ?1";
        self.write(|state| {
            state.run(sql, values![member.id])?;
            state.notify()
        })
    }

    /// The process that leads, if one does.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn leader(&self) -> Result<Option<ProcessAddress>, Error> {
        let sql = format!(
            "SELECT p.name, p.address FROM control_version AS v
             JOIN control_processes AS p ON p.id = v.leader
             JOIN pg_locks AS l ON l.pid = v.leader_pid WHERE {}",
            held("0")
        );
        self.read(|state| {
            state.one(&sql, values![], |row| {
                Ok(ProcessAddress { name: row.text(0)?, address: row.text(1)? })
            })
        })
    }

    /// The address of this machine as the server sees it; none over a socket.
    ///
    /// # Errors
    /// If the session is over.
    pub fn own_address(&self) -> Result<Option<String>, Error> {
        let sql = "SELECT coalesce(host(inet_client_addr()), '')";
        let found = self.read(|state| state.one(sql, values![], |row| row.text(0)))?;
        Ok(found.filter(|address| !address.is_empty()))
    }

    /// A note that all processes share.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn noted(&self, name: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT text FROM control_notes WHERE name = ?1";
        self.read(|state| state.one(sql, values![name], |row| row.text(0)))
    }

    /// Notes a text under a name; gives what stands there then: `keep` leaves a text that is there.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub fn note(&self, name: &str, text: &str, keep: bool) -> Result<String, Error> {
        let kept = if keep { "control_notes.text" } else { "excluded.text" };
        let sql = format!(
            "INSERT INTO control_notes (name, text) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET text = {kept} RETURNING text"
        );
        let stands = self.write(|state| state.one(&sql, values![name, text], |row| row.text(0)))?;
        stands.ok_or_else(|| Error::failed("the note is not there"))
    }

    /// How much was heard so far of changes of other processes.
    pub fn heard(&self) -> u64 {
        self.session().map_or(0, |session| session.heard())
    }

    /// Waits until more was heard than `seen`, the session has ended, or the time is up.
    pub fn hear(&self, seen: u64, limit: Duration) {
        if let Some(session) = self.session() {
            session.hear(seen, limit);
        }
    }

    pub(crate) fn listen(&self) -> Result<(), Error> {
        self.session().map_or(Ok(()), |session| session.batch(&format!("LISTEN {CHANNEL}")))
    }
}
