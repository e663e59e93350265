//! An issuer for trying things out: a key in a folder, and tokens that it signs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use crate::provider;

/// The file with the private key (PKCS #8 in base64), for its owner alone.
const KEY_FILE: &str = "auth-key";
/// The file with the public key (a JWK set).
const JWKS_FILE: &str = "auth-jwks.json";

/// A key in a folder that signs tokens.
pub struct LocalIssuer {
    folder: PathBuf,
    pkcs8: Vec<u8>,
    id: String,
}

/// What a token says.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The name of the user.
    pub user: &'a str,
    /// What the bearer may do, with spaces between.
    pub scope: &'a str,
    /// For how long.
    pub lifetime: Duration,
}

impl LocalIssuer {
    /// What its tokens name as their issuer. Nothing answers there.
    pub const ISSUER: &'static str = "http://banyan.localhost";
    /// What its tokens are for.
    pub const AUDIENCE: &'static str = "board";
    /// The claim with the name of the user.
    pub const USER_CLAIM: &'static str = "username";

    /// The key in this folder; makes one if there is none.
    ///
    /// # Errors
    /// Names the file that cannot be read or written, and says what to do.
    pub fn make(folder: &Path) -> Result<Self, String> {
        let issuer = match Self::open(folder)? {
            Some(issuer) => issuer,
            None => {
                let path = folder.join(KEY_FILE);
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
                let pkcs8 =
                    pkcs8.map_err(|_error| "the system gives no random numbers".to_owned())?;
                let text = format!("{}\n", URL_SAFE_NO_PAD.encode(pkcs8.as_ref()));
                write(&path, &text)?;
                Self::read(folder, pkcs8.as_ref().to_vec()).ok_or_else(|| damaged(&path))?
            }
        };
        write(&issuer.jwks_file(), &issuer.jwks()?)?;
        Ok(issuer)
    }

    /// The key in this folder, if there is one.
    ///
    /// # Errors
    /// As [`LocalIssuer::make`].
    pub fn open(folder: &Path) -> Result<Option<Self>, String> {
        let path = folder.join(KEY_FILE);
        match files::read_secret(&path) {
            Ok(text) => {
                let pkcs8 = URL_SAFE_NO_PAD.decode(text.trim()).ok();
                let issuer = pkcs8.and_then(|pkcs8| Self::read(folder, pkcs8));
                issuer.map(Some).ok_or_else(|| damaged(&path))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!(
                "{} cannot be read: {error}; or delete it to get a new key",
                path.display()
            )),
        }
    }

    fn read(folder: &Path, pkcs8: Vec<u8>) -> Option<Self> {
        let public = public(&pkcs8)?;
        Some(Self { folder: folder.to_owned(), pkcs8, id: public.chars().take(16).collect() })
    }

    /// The file with the public key, for `AUTH_JWKS_URL`.
    pub fn jwks_file(&self) -> PathBuf {
        self.folder.join(JWKS_FILE)
    }

    fn jwks(&self) -> Result<String, String> {
        let public = public(&self.pkcs8).ok_or_else(|| damaged(&self.folder.join(KEY_FILE)))?;
        let key = json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": public,
        });
        Ok(format!("{:#}\n", json!({ "keys": [key] })))
    }

    /// A token.
    ///
    /// # Errors
    /// If the key cannot sign.
    pub fn token(&self, wanted: TokenRequest<'_>, now: SystemTime) -> Result<String, String> {
        provider::install();
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.id.clone());
        let claims = json!({
            "iss": Self::ISSUER, "aud": Self::AUDIENCE, "sub": wanted.user, Self::USER_CLAIM: wanted.user,
            "client_id": "banyan", "scope": wanted.scope, "iat": now, "exp": now + wanted.lifetime.as_secs(),
        });
        encode(&header, &claims, &EncodingKey::from_ed_der(&self.pkcs8))
            .map_err(|error| format!("the token cannot be signed: {error}"))
    }
}

impl fmt::Debug for LocalIssuer {
    /// Without the private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, id, pkcs8: _ } = self;
        f.debug_struct("LocalIssuer").field("folder", folder).field("id", id).finish()
    }
}

/// The public key, as `x` of a JWK (RFC 8037, 2).
fn public(pkcs8: &[u8]) -> Option<String> {
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
    Some(URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let written = files::replace(path, text.as_bytes());
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn damaged(path: &Path) -> String {
    format!("{} is damaged; delete it to get a new key", path.display())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{JWKS_FILE, KEY_FILE, LocalIssuer};

    #[test]
    fn a_key_is_made_once_for_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(LocalIssuer::open(folder.path()).unwrap().is_none());
        let made = LocalIssuer::make(folder.path()).unwrap();
        let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!([mode(KEY_FILE), mode(JWKS_FILE)].map(|mode| mode & 0o777), [0o600, 0o600]);
        let again = LocalIssuer::make(folder.path()).unwrap();
        assert_eq!(again.pkcs8, made.pkcs8);
        let public = fs::read_to_string(made.jwks_file()).unwrap();
        let private = fs::read_to_string(folder.path().join(KEY_FILE)).unwrap();
        assert!(!public.contains(private.trim()) && !public.contains("\"d\""));
        let shown = format!("{made:?}");
        assert!(!shown.contains("pkcs8") && shown.contains(&made.id), "{shown}");
        fs::write(folder.path().join(KEY_FILE), "x").unwrap();
        assert!(LocalIssuer::open(folder.path()).unwrap_err().contains("is damaged"));
    }
}
