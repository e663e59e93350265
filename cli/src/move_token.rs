//! The token that all programs of a board share, made once and kept in the data folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The file's name in the data folder.
const FILE: &str = "move-token";
/// How many characters a token has; six bits each.
const CHARACTERS: usize = 40;

/// The token of this data folder, made if there is none.
///
/// # Errors
/// If the file cannot be read or written, or others can read it.
pub(crate) fn open(data_dir: &Path) -> Result<String, String> {
    let path = data_dir.join(FILE);
    let shown = path.display();
    let token = match files::read_secret(&path) {
        Ok(token) => token.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&path).map_err(|error| format!("{shown} cannot be written: {error}"))?
        }
        Err(error) => {
            return Err(format!(
                "{shown} cannot be read: {error}; or delete it to get a new token"
            ));
        }
    };
    if token.len() < CHARACTERS {
        return Err(format!("{shown} is damaged; delete it to get a new token"));
    }
    Ok(token)
}

fn make(path: &Path) -> io::Result<String> {
    let token = random()?;
    files::replace(path, format!("{token}\n").as_bytes())?;
    Ok(token)
}

/// Letters and digits from the system's random bytes.
fn random() -> io::Result<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = [0; CHARACTERS];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(*byte % 64)])).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{CHARACTERS, FILE, open};

    #[test]
    fn a_token_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = open(folder.path()).unwrap();
        assert_eq!(made.len(), CHARACTERS);
        let file = folder.path().join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(folder.path()).unwrap(), made);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(open(other.path()).unwrap(), made);
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap();
        let file = folder.path().join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(open(folder.path()).unwrap_err().contains("chmod 600"));
    }
}
