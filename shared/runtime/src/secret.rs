//! Comparing secrets.

use subtle::ConstantTimeEq;

/// Whether `given` is the secret. How long that takes tells nothing of where the two differ.
pub fn is_secret(given: &[u8], secret: &[u8]) -> bool {
    given.ct_eq(secret).into()
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn only_the_whole_secret_is_the_secret() {
        assert!(is_secret(b"secret", b"secret"));
        for wrong in ["", "secre", "secrets", "Secret", "secreT"] {
            assert!(!is_secret(wrong.as_bytes(), b"secret"), "{wrong}");
        }
    }
}
