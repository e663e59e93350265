//! Why a route must stay.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What needs a route. It is a part of the route's record that no answer of the API shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Protection {
    /// The route leads to the primary of a collection that moves. Without the route it would get no writes.
    LeadsToPrimary {
        /// The collection. With the route's application it names the move.
        collection: String,
        /// The collection's URL at its primary.
        primary: String,
    },
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeadsToPrimary { collection, primary } => write!(
                f,
                "leads to the primary of {collection}, {primary}, which would get no more writes"
            ),
        }
    }
}
