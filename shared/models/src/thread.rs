//! Threads.

use serde::{Deserialize, Serialize};

use crate::alphabet::Alphabet;
use crate::model::{Field, Model, Reference, Target, given, given_id};
use crate::rules::{FieldErrors, Rule};
use crate::user::USERS;

/// A conversation that posts belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// What it is about.
    pub title: String,
    /// The id of the user who started it.
    pub created_by: u64,
}

/// What a client sends to make or change a [`Thread`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ThreadInput {
    #[serde(deserialize_with = "given")]
    title: Option<String>,
    #[serde(deserialize_with = "given_id")]
    created_by: Option<u64>,
}

/// Threads, for those who refer to them.
pub(crate) const THREADS: Target = Target { collection: "threads", member: Thread::NAME };

const TITLE: Field = Field {
    name: "title",
    rule: Rule::Text { min: 1, max: 200, alphabet: Alphabet::Line },
    required: true,
    about: "What it is about.",
};
const CREATED_BY: Field = Field {
    name: "createdBy",
    rule: Rule::Reference(USERS),
    required: true,
    about: "The id of the user who started it.",
};

impl Model for Thread {
    const NAME: &'static str = "thread";
    const FIELDS: &'static [Field] = &[TITLE, CREATED_BY];
    const BASIC_HAS_ID: bool = true;

    type Input = ThreadInput;

    fn from_input(input: ThreadInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let thread = Self {
            title: errors.text(&TITLE, input.title),
            created_by: errors.reference(&CREATED_BY, input.created_by),
        };
        errors.or(thread)
    }

    fn merge(&self, patch: ThreadInput) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let thread = Self {
            title: errors.text_or(&TITLE, patch.title, &self.title),
            created_by: errors.reference_or(&CREATED_BY, patch.created_by, self.created_by),
        };
        errors.or(thread)
    }

    fn references(input: &ThreadInput) -> Vec<Reference> {
        Reference::given(&CREATED_BY, input.created_by).into_iter().collect()
    }
}
