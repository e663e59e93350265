//! All keys that requests may be signed with: one, or several while they change.

use serde::Deserialize;

use crate::credentials::Keys;

/// At least one pair of keys.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    first: Keys,
    others: Vec<Keys>,
}

/// One pair as an object, or several in an array.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    One(Keys),
    Several(Vec<Keys>),
}

impl Keyring {
    /// What `CONTROL_KEYS` says: the JSON of `credentials.json`, or an array of such objects. `None` for anything else, for
    /// an id that occurs twice, and for a secret that could be guessed.
    pub(crate) fn read(json: &str) -> Option<Self> {
        let mut all = match serde_json::from_str(json).ok()? {
            Text::One(keys) => vec![keys],
            Text::Several(keys) => keys,
        };
        let fine = |(place, keys): (usize, &Keys)| {
            let id = &keys.access_key_id;
            let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let new = all.iter().take(place).all(|before| before.access_key_id != *id);
            plain && new && (3..=128).contains(&id.len()) && keys.secret_access_key.len() >= 16
        };
        if all.is_empty() || !all.iter().enumerate().all(fine) {
            return None;
        }
        let first = all.remove(0);
        Some(Self { first, others: all })
    }

    /// What this process signs with.
    pub(crate) fn first(&self) -> &Keys {
        &self.first
    }

    /// The keys with this id.
    pub(crate) fn of(&self, access_key_id: &str) -> Option<&Keys> {
        let mut all = std::iter::once(&self.first).chain(&self.others);
        all.find(|keys| keys.access_key_id == access_key_id)
    }
}

impl From<Keys> for Keyring {
    fn from(first: Keys) -> Self {
        Self { first, others: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::Keyring;

    fn keys(id: &str, secret: &str) -> String {
        format!(r#"{{"accessKeyId": "{id}", "secretAccessKey": "{secret}"}}"#)
    }

    #[test]
    fn one_pair_or_several_are_read_and_the_first_signs() {
        let (old, new) = (keys("OLD", "0123456789abcdef"), keys("NEW", "fedcba9876543210"));
        assert_eq!(Keyring::read(&old).unwrap().first().access_key_id, "OLD");
        let both = Keyring::read(&format!("[{new}, {old}]")).unwrap();
        assert_eq!(both.first().access_key_id, "NEW");
        assert_eq!(both.of("OLD").unwrap().secret_access_key, "0123456789abcdef");
        assert!(both.of("OTHER").is_none());
        assert!(!format!("{both:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn what_is_no_pair_of_keys_is_refused() {
        let good = keys("GOOD", "0123456789abcdef");
        let short = keys("GOOD", "hunter2");
        let slash = keys("G/OD", "0123456789abcdef");
        for wrong in ["", "[]", "{}", "GOOD:0123456789abcdef", &short, &slash] {
            assert!(Keyring::read(wrong).is_none(), "{wrong}");
        }
        assert!(Keyring::read(&format!("[{good}, {good}]")).is_none());
    }
}
