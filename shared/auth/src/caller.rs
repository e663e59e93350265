//! What a good token says of its bearer.

use std::collections::BTreeSet;
use std::fmt::Write;

use ring::digest::{Context, SHA256};

/// The bearer of a good token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The subject of the token, or its user if it names none.
    pub(crate) subject: String,
    pub(crate) user: Option<String>,
    pub(crate) scopes: BTreeSet<String>,
}

impl Caller {
    /// The name of the user, as the claim says it.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether the token has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Tells callers apart.
    pub fn id(&self) -> &str {
        &self.subject
    }

    /// A key that only this caller can name: 64 hexadecimal digits, made from its identity and `key`.
    pub fn scoped(&self, key: &str) -> String {
        let mut digest = Context::new(&SHA256);
        // The length comes first, so that no other pair gives the same bytes.
        digest.update(&(self.subject.len() as u64).to_be_bytes());
        digest.update(self.subject.as_bytes());
        digest.update(key.as_bytes());
        let mut text = String::with_capacity(64);
        // Writing to a string cannot fail.
        digest.finish().as_ref().iter().for_each(|byte| _ = write!(text, "{byte:02x}"));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Caller;

    #[test]
    fn the_same_key_of_two_callers_is_two_keys() {
        let caller = |subject: &str| Caller {
            subject: subject.into(),
            user: None,
            scopes: ["a".to_owned()].into(),
        };
        let keys = [
            caller("ab").scoped("c"),
            caller("a").scoped("bc"),
            caller("ab").scoped("d"),
            caller("x").scoped("c"),
        ];
        for (place, key) in keys.iter().enumerate() {
            assert_eq!(key.len(), 64);
            assert!(!keys[..place].contains(key), "{place}");
        }
        assert_eq!(caller("ab").scoped("c"), keys[0]);
        assert!(caller("a").has_scope("a") && !caller("a").has_scope("b"));
    }
}
