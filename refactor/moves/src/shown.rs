//! A move as it is shown, before it has advice.

use serde_json::{Value, json};

use super::code::Finding;
use super::switch::preflight::Check;

/// A move and its findings.
#[derive(Clone, Debug)]
pub struct ShownMove {
    pub(super) collection: String,
    pub(super) document: Value,
    /// What keeps the follower behind.
    pub(super) causes: Vec<Finding>,
    /// What a switch or a reverse looked at first.
    pub(super) checks: Option<Vec<Check>>,
}

impl ShownMove {
    /// The document of the control port. `worded` makes a text of the collection's name and a finding.
    pub fn document(self, worded: impl Fn(&str, &Finding) -> String) -> Value {
        let Self { collection, mut document, causes, checks } = self;
        let worded = |finding: &Finding| worded(&collection, finding);
        document["causes"] = causes.iter().map(worded).collect();
        if let Some(checks) = checks {
            let shown = |check: &Check| match &check.found {
                Ok(found) => json!({ "what": check.what, "ok": true, "detail": found }),
                Err(finding) => {
                    json!({ "what": check.what, "ok": false, "detail": worded(finding) })
                }
            };
            document["preflight"] = checks.iter().map(shown).collect();
        }
        document
    }
}
