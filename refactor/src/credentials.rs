//! The keys that requests are signed with: made at the first start, kept in the data folder.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use journal::Journal;

/// The file's name in the data folder.
pub(crate) const FILE: &str = "credentials.json";

/// The keys of a control port.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret; never put it into a log.
    pub secret_access_key: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// The keys cannot be read or made.
#[derive(Debug)]
pub struct KeysError {
    what: String,
    cause: Box<dyn Error + Send + Sync>,
}

impl KeysError {
    fn new(path: &Path, what: &str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: format!("{} {what}", path.display()), cause: cause.into() }
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for KeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

impl Keys {
    /// The keys of this data folder, made if there are none.
    ///
    /// # Errors
    /// If the file is damaged, cannot be written, or can be read by others.
    pub(crate) fn open(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(FILE);
        if path.exists() {
            return Self::read(folder);
        }
        let made =
            Self::random().map_err(|error| KeysError::new(&path, "cannot be made", error))?;
        made.write(&path).map_err(|error| KeysError::new(&path, "cannot be written", error))?;
        log::info!("made keys for the control port: {}", path.display());
        Ok(made)
    }

    /// The keys that all processes of a control database have, made by the first one; they are in this data folder
    /// too then.
    ///
    /// # Errors
    /// As [`Keys::open`]; if the control database cannot be used.
    pub(crate) fn shared(folder: &Path, state: &Journal) -> Result<Self, KeysError> {
        let (own, path) = (Self::open(folder)?, folder.join(FILE));
        let failed = |cause: Box<dyn Error + Send + Sync>| {
            KeysError::new(&path, "cannot be replaced with the keys of the control database", cause)
        };
        let text = serde_json::to_string(&own).map_err(|error| failed(error.into()))?;
        let stands = state.note("keys", &text, true).map_err(|error| failed(error.into()))?;
        let shared: Self = serde_json::from_str(&stands).map_err(|error| failed(error.into()))?;
        if stands != text {
            shared.write(&path).map_err(|error| failed(error.into()))?;
            log::info!("took the keys of the control database: {}", path.display());
        }
        Ok(shared)
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let json = serde_json::to_string_pretty(self).map_err(io::Error::from)?;
        files::replace(path, format!("{json}\n").as_bytes())
    }

    /// The keys of this data folder.
    ///
    /// # Errors
    /// There are none, the file is damaged, or others can read it.
    pub fn read(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(FILE);
        let text = files::read_secret(&path).map_err(|error| {
            KeysError::new(
                &path,
                "cannot be read; if it is there, delete it to get new keys",
                error,
            )
        })?;
        serde_json::from_str(&text)
            .map_err(|error| KeysError::new(&path, "is damaged; delete it to get new keys", error))
    }

    fn random() -> io::Result<Self> {
        // 32 letters: a byte gives one without preferring any.
        let access = random_text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 14)?;
        let secret =
            random_text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40)?;
        Ok(Self { access_key_id: format!("BANYAN{access}"), secret_access_key: secret })
    }
}

/// Random characters out of `alphabet`, whose length divides 256.
fn random_text(alphabet: &[u8], length: usize) -> io::Result<String> {
    let mut bytes = vec![0; length];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|error| io::Error::other(format!("the system has no random bytes: {error}")))?;
    Ok(bytes.iter().map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{FILE, Keys};

    #[test]
    fn keys_are_made_once_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = Keys::open(folder.path()).unwrap();
        assert_eq!((made.access_key_id.len(), made.secret_access_key.len()), (20, 40));
        let file = folder.path().join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Keys::open(folder.path()).unwrap();
        assert_eq!(read.secret_access_key, made.secret_access_key);
        assert!(!format!("{read:?}").contains(&made.secret_access_key));
        let other = tempfile::tempdir().unwrap();
        let other = Keys::open(other.path()).unwrap();
        assert_ne!(other.secret_access_key, made.secret_access_key);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Keys::open(folder.path()).unwrap();
        let file = folder.path().join(FILE);
        for mode in [0o640, 0o604, 0o700] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let error = runtime::chain(&Keys::open(folder.path()).unwrap_err());
            assert!(error.contains("chmod 600"), "{error}");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        Keys::open(folder.path()).unwrap();
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Keys::open(folder.path()).unwrap();
        fs::write(folder.path().join(FILE), "{").unwrap();
        let error = Keys::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("delete it to get new keys"), "{error}");
    }

    #[test]
    fn keys_are_shown_without_their_secret() {
        let keys = Keys { access_key_id: "BANYAN1".into(), secret_access_key: "hunter2".into() };
        let shown = format!("{keys:?} {keys:#?}");
        assert!(shown.contains("BANYAN1") && !shown.contains("hunter2"), "{shown}");
    }
}
