//! Posts.

use serde::{Deserialize, Serialize};

use crate::alphabet::Alphabet;
use crate::model::{Field, Model, Reference, given, given_id};
use crate::rules::{FieldErrors, Rule};
use crate::thread::THREADS;
use crate::user::USERS;

/// Something a user wrote in a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The id of the thread it belongs to.
    pub thread: u64,
    /// What was written.
    pub text: String,
    /// The id of the user who wrote it.
    pub user: u64,
}

/// What a client sends to make or change a [`Post`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostInput {
    #[serde(deserialize_with = "given_id")]
    thread: Option<u64>,
    #[serde(deserialize_with = "given")]
    text: Option<String>,
    #[serde(deserialize_with = "given_id")]
    user: Option<u64>,
}

const THREAD: Field = Field {
    name: "thread",
    rule: Rule::Reference(THREADS),
    required: true,
    about: "The id of the thread it belongs to.",
};
const TEXT: Field = Field {
    name: "text",
    rule: Rule::Text { min: 1, max: 10_000, alphabet: Alphabet::Lines },
    required: true,
    about: "What was written.",
};
const USER: Field = Field {
    name: "user",
    rule: Rule::Reference(USERS),
    required: true,
    about: "The id of the user who wrote it.",
};

impl Model for Post {
    const NAME: &'static str = "post";
    const FIELDS: &'static [Field] = &[THREAD, TEXT, USER];
    const BASIC_HAS_ID: bool = false;

    type Input = PostInput;

    fn from_input(input: PostInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let post = Self {
            thread: errors.reference(&THREAD, input.thread),
            text: errors.text(&TEXT, input.text),
            user: errors.reference(&USER, input.user),
        };
        errors.or(post)
    }

    fn merge(&self, patch: PostInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let post = Self {
            thread: errors.reference_or(&THREAD, patch.thread, self.thread),
            text: errors.text_or(&TEXT, patch.text, &self.text),
            user: errors.reference_or(&USER, patch.user, self.user),
        };
        errors.or(post)
    }

    fn references(input: &PostInput) -> Vec<Reference> {
        let thread = Reference::given(&THREAD, input.thread);
        let user = Reference::given(&USER, input.user);
        thread.into_iter().chain(user).collect()
    }
}
