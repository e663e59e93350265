//! `DeletionPolicy` and `UpdateReplacePolicy`: what becomes of a resource that its stack no longer has.

use serde::{Deserialize, Serialize};

use super::node::At;

/// The policies of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policies {
    /// When it leaves the template, or its stack is deleted.
    pub(crate) deletion: Policy,
    /// When another resource takes its place.
    pub(crate) replacement: Policy,
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Policy {
    #[default]
    Delete,
    /// It stays where it is, even if the operation that made it fails.
    Retain,
    /// It stays, but not if the operation that made it fails.
    RetainExceptOnCreate,
}

impl Policy {
    /// Reads a policy; `on_create` says whether `RetainExceptOnCreate` is one of them.
    ///
    /// # Errors
    /// If it is a word that is not supported here.
    pub(super) fn read(at: &At<'_>, member: &str, on_create: bool) -> Result<Self, String> {
        let policy = at.text()?;
        match policy.as_str() {
            "Delete" => Ok(Self::Delete),
            "Retain" => Ok(Self::Retain),
            "RetainExceptOnCreate" if on_create => Ok(Self::RetainExceptOnCreate),
            _ => {
                let more =
                    if on_create { ", Retain and RetainExceptOnCreate" } else { " and Retain" };
                Err(at.error(format!(
                    "{member} {policy} is not supported here; supported are Delete{more}"
                )))
            }
        }
    }

    /// Whether a resource stays; `made_now` says that the operation that ends it is the one that made it.
    pub(crate) fn retains(self, made_now: bool) -> bool {
        match self {
            Self::Delete => false,
            Self::Retain => true,
            Self::RetainExceptOnCreate => !made_now,
        }
    }
}
