//! Users.

use serde::{Deserialize, Serialize};

use crate::alphabet::Alphabet;
use crate::model::{Field, Model, Reference, Target, given};
use crate::rules::{FieldErrors, Rule};

/// Somebody who starts threads and writes posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name they go by; no two users share one.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// What they say about themselves; may be empty.
    pub bio: String,
}

/// What a client sends to make or change a [`User`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserInput {
    #[serde(deserialize_with = "given")]
    username: Option<String>,
    #[serde(deserialize_with = "given")]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    bio: Option<String>,
}

/// Users, for those who refer to them.
pub(crate) const USERS: Target = Target { collection: "users", member: User::NAME };

const USERNAME: Field = Field {
    name: "username",
    rule: Rule::Text { min: 1, max: 32, alphabet: Alphabet::Handle },
    required: true,
    about: "The name they go by; no two users share one.",
};
const NAME: Field = Field {
    name: "name",
    rule: Rule::Text { min: 1, max: 100, alphabet: Alphabet::Line },
    required: true,
    about: "The name to show.",
};
const BIO: Field = Field {
    name: "bio",
    rule: Rule::Text { min: 0, max: 1_000, alphabet: Alphabet::Lines },
    required: false,
    about: "What they say about themselves.",
};

impl Model for User {
    const NAME: &'static str = "user";
    const FIELDS: &'static [Field] = &[USERNAME, NAME, BIO];
    const BASIC_HAS_ID: bool = true;

    type Input = UserInput;

    fn from_input(input: UserInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let user = Self {
            username: errors.text(&USERNAME, input.username),
            name: errors.text(&NAME, input.name),
            bio: errors.text(&BIO, input.bio),
        };
        errors.or(user)
    }

    fn merge(&self, patch: UserInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let user = Self {
            username: errors.text_or(&USERNAME, patch.username, &self.username),
            name: errors.text_or(&NAME, patch.name, &self.name),
            bio: errors.text_or(&BIO, patch.bio, &self.bio),
        };
        errors.or(user)
    }

    fn references(_: &UserInput) -> Vec<Reference> {
        Vec::new()
    }
}
