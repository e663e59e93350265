//! Links that sign in once, and the sessions that they begin. Both are in the state of the control plane: a session
//! stays through a restart, and every process that shares the state knows it.

use std::fmt;
use std::io;
use std::sync::OnceLock;

use journal::{Journal, values};

use crate::secret;

/// How long a link can be used, in seconds.
pub const LINK_SECONDS: i64 = 60;
/// How long a session lasts, in seconds: a working day.
pub const SESSION_SECONDS: i64 = 8 * 60 * 60;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS console_links (
        digest TEXT PRIMARY KEY,
        key_id TEXT NOT NULL,
        read_only FLAG NOT NULL,
        expires_ms NUMBER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS console_sessions (
        digest TEXT PRIMARY KEY,
        key_id TEXT NOT NULL,
        read_only FLAG NOT NULL,
        expires_ms NUMBER NOT NULL
    );
";

/// A session: what its pages may do, and until when.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The secret that its cookie holds.
    pub(crate) secret: String,
    /// The id of the key that signed for its link.
    pub key_id: String,
    /// Whether its pages only show.
    pub read_only: bool,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, read_only, expires_ms, .. } = self;
        f.debug_struct("Session")
            .field("key_id", key_id)
            .field("read_only", read_only)
            .field("expires_ms", expires_ms)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// What a form of this session must hold.
    pub(crate) fn form_token(&self) -> String {
        secret::form_token(&self.secret)
    }
}

/// The links and sessions of a control plane.
pub struct Sessions {
    state: Box<dyn Fn() -> Journal + Send + Sync>,
    /// The key that links are signed with now. Sessions of an earlier key have ended.
    key_id: String,
    made: OnceLock<()>,
}

impl Sessions {
    /// Those in a state. `state` is asked each time, because a connection to a database may be another one later.
    pub fn new(state: impl Fn() -> Journal + Send + Sync + 'static, key_id: String) -> Self {
        Self { state: Box::new(state), key_id, made: OnceLock::new() }
    }

    /// The state, with its tables.
    fn state(&self) -> Result<Journal, SessionError> {
        let state = (self.state)();
        if self.made.get().is_none() {
            state.make_tables(SCHEMA)?;
            self.made.get_or_init(|| ());
        }
        Ok(state)
    }

    /// The secret of a new link.
    ///
    /// # Errors
    /// If the state cannot be written, or the system has no random bytes.
    pub fn link(&self, read_only: bool, now_ms: i64) -> Result<String, SessionError> {
        let secret = secret::new()?;
        let (digest, expires_ms) = (secret::digest(&secret), now_ms + LINK_SECONDS * 1_000);
        self.state()?.write(|state| {
            for table in ["console_links", "console_sessions"] {
                state
                    .run(&format!("DELETE FROM {table} WHERE expires_ms <= ?1"), values![now_ms])?;
            }
            let sql = "INSERT INTO console_links (digest, key_id, read_only, expires_ms)
                VALUES (?1, ?2, ?3, ?4)";
            state.run(sql, values![digest, &self.key_id, read_only, expires_ms])
        })?;
        Ok(secret)
    }

    /// Begins the session of a link, which is used up then; nothing if it is not known, was used, or is too old.
    ///
    /// # Errors
    /// As [`Sessions::link`].
    pub(crate) fn begin(&self, link: &str, now_ms: i64) -> Result<Option<Session>, SessionError> {
        let state = self.state()?;
        // A link that was made up costs no write.
        let known = state.read(|state| {
            let sql = "SELECT key_id FROM console_links WHERE digest = ?1";
            state.one(sql, values![secret::digest(link)], |row| row.text(0))
        })?;
        if known.is_none() {
            return Ok(None);
        }
        let (secret, expires_ms) = (secret::new()?, now_ms + SESSION_SECONDS * 1_000);
        let read_only = state.write(|state| {
            let used = "DELETE FROM console_links
                WHERE digest = ?1 AND expires_ms > ?2 AND key_id = ?3 RETURNING read_only";
            let link = values![secret::digest(link), now_ms, &self.key_id];
            let Some(read_only) = state.one(used, link, |row| row.flag(0))? else {
                return Ok(None);
            };
            let sql = "INSERT INTO console_sessions (digest, key_id, read_only, expires_ms)
                VALUES (?1, ?2, ?3, ?4)";
            let digest = secret::digest(&secret);
            state.run(sql, values![digest, &self.key_id, read_only, expires_ms])?;
            Ok::<_, journal::Error>(Some(read_only))
        })?;
        let key_id = self.key_id.clone();
        Ok(read_only.map(|read_only| Session { secret, key_id, read_only, expires_ms }))
    }

    /// The session of a cookie, while it lasts.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub(crate) fn find(&self, secret: &str, now_ms: i64) -> Result<Option<Session>, SessionError> {
        let sql = "SELECT read_only, expires_ms FROM console_sessions
            WHERE digest = ?1 AND expires_ms > ?2 AND key_id = ?3";
        let found = self.state()?.read(|state| {
            let key = values![secret::digest(secret), now_ms, &self.key_id];
            state.one(sql, key, |row| Ok((row.flag(0)?, row.number(1)?)))
        })?;
        Ok(found.map(|(read_only, expires_ms)| {
            let (secret, key_id) = (secret.to_owned(), self.key_id.clone());
            Session { secret, key_id, read_only, expires_ms }
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(crate) fn end(&self, session: &Session) -> Result<(), SessionError> {
        let sql = "DELETE FROM console_sessions WHERE digest = ?1";
        let digest = secret::digest(&session.secret);
        Ok(self.state()?.write(|state| state.run(sql, values![digest]))?)
    }
}

/// Links or sessions cannot be read or written.
#[derive(Debug)]
pub enum SessionError {
    /// The state of the control plane says why.
    State(journal::Error),
    /// The system gives no random bytes.
    Random(io::Error),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(_) => f.write_str("the sessions of the console cannot be used"),
            Self::Random(_) => f.write_str("no secret can be made"),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::State(error) => Some(error),
            Self::Random(error) => Some(error),
        }
    }
}

impl From<journal::Error> for SessionError {
    fn from(error: journal::Error) -> Self {
        Self::State(error)
    }
}

impl From<io::Error> for SessionError {
    fn from(error: io::Error) -> Self {
        Self::Random(error)
    }
}

#[cfg(test)]
mod tests {
    use journal::Journal;
    use rusqlite::Connection;

    use super::{LINK_SECONDS, SESSION_SECONDS, Sessions};

    fn state() -> Journal {
        Journal::on(Connection::open_in_memory().unwrap())
    }

    fn sessions(state: &Journal, key: &str) -> Sessions {
        let state = state.clone();
        Sessions::new(move || state.clone(), key.to_owned())
    }

    #[test]
    fn a_link_begins_one_session_and_only_in_its_minute() {
        let state = state();
        let sessions = sessions(&state, "KEY");
        let link = sessions.link(true, 1_000).unwrap();
        let session = sessions.begin(&link, 60_999).unwrap().unwrap();
        assert!(session.read_only);
        assert!(sessions.begin(&link, 60_999).unwrap().is_none(), "it is used up");
        let late = sessions.link(false, 0).unwrap();
        assert!(sessions.begin(&late, LINK_SECONDS * 1_000).unwrap().is_none(), "it is too old");
        assert!(sessions.begin("", 0).unwrap().is_none());
        assert!(sessions.begin(&session.secret, 0).unwrap().is_none(), "a session is no link");
    }

    #[test]
    fn a_session_ends_by_itself_by_signing_out_and_with_its_key() {
        let state = state();
        let (ours, other) = (sessions(&state, "KEY"), sessions(&state, "OTHER"));
        let begin = || ours.begin(&ours.link(false, 0).unwrap(), 0).unwrap().unwrap();
        let (session, second) = (begin(), begin());
        let end = SESSION_SECONDS * 1_000;
        assert_eq!(ours.find(&session.secret, end - 1).unwrap().as_ref(), Some(&session));
        assert_eq!(ours.find(&session.secret, end).unwrap(), None, "its time is over");
        assert_eq!(other.find(&session.secret, 0).unwrap(), None, "the keys are others now");
        // Another process, or the same one after a restart, has the same state.
        let again = sessions(&state, "KEY");
        assert_eq!(again.find(&session.secret, 0).unwrap().as_ref(), Some(&session));
        again.end(&session).unwrap();
        assert_eq!(ours.find(&session.secret, 0).unwrap(), None, "it has signed out");
        assert!(ours.find(&second.secret, 0).unwrap().is_some(), "the other session stays");
    }

    #[test]
    fn a_secret_is_neither_stored_nor_shown() {
        let state = state();
        let sessions = sessions(&state, "KEY");
        let session = sessions.begin(&sessions.link(false, 0).unwrap(), 0).unwrap().unwrap();
        assert!(!format!("{session:?}").contains(&session.secret));
        let stored = "SELECT digest FROM console_sessions";
        let stored =
            state.read(|state| state.all(stored, journal::values![], |row| row.text(0))).unwrap();
        assert_eq!(stored.len(), 1);
        assert!(!stored.contains(&session.secret));
    }
}
