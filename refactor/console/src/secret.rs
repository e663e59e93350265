//! Secrets of links and sessions. What is stored of one is its digest, so a copy of the state opens nothing.

use std::io;

use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

/// The length of a secret, in bytes.
const LENGTH: usize = 32;

/// A new secret: 64 hexadecimal digits.
///
/// # Errors
/// If the system has no random bytes.
pub(crate) fn new() -> io::Result<String> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|error| io::Error::other(format!("the system has no random bytes: {error}")))?;
    Ok(hex(&bytes))
}

/// What is stored of a secret (SHA-256).
pub(crate) fn digest(secret: &str) -> String {
    hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
}

/// A text that only a page of this session can know: HMAC-SHA-256 with the secret of the session.
pub(crate) fn form_token(session: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.as_bytes());
    hex(hmac::sign(&key, b"form").as_ref())
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{digest, form_token, new};

    #[test]
    fn no_secret_can_be_read_from_what_is_stored_or_shown() {
        let secret = new().unwrap();
        assert_eq!((secret.len(), secret == new().unwrap()), (64, false));
        assert_ne!(digest(&secret), secret);
        assert_ne!(form_token(&secret), form_token(&new().unwrap()));
        assert_ne!(form_token(&secret), digest(&secret));
    }
}
