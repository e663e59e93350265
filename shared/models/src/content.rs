//! The content of a row on its way between stores.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a client wrote, as a JSON object with a member for each field. It is not looked into on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Content(Box<RawValue>);

impl Content {
    /// The object's text.
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl TryFrom<String> for Content {
    type Error = serde_json::Error;

    fn try_from(json: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(json).map(Self)
    }
}
