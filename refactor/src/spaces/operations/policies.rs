//! PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy. A policy is kept and given back; there is
//! one account here, so it allows and forbids nothing.

use serde_json::Value;

use super::tags::named;
use crate::spaces::model::{Change, no_such_arn};
use crate::spaces::{ApiError, Spaces};

/// The longest policy, in characters.
const POLICY: usize = 300_000;

impl Spaces {
    /// Keeps the policy of a resource.
    ///
    /// # Errors
    /// 404; 400 for a text that is no JSON object on one line.
    pub(crate) fn put_policy(&self, arn: &str, policy: &str) -> Result<(), ApiError> {
        let (kind, id) = named(arn)?;
        let length = policy.chars().count();
        if policy.trim().is_empty() || length > POLICY || policy.contains(['\n', '\r']) {
            return Err(ApiError::Validation(format!(
                "Policy must be 1 to {POLICY} characters, not blank and without line breaks"
            )));
        }
        match serde_json::from_str(policy) {
            Ok(Value::Object(_)) => {}
            Ok(_) => {
                return Err(ApiError::InvalidResourcePolicy("Policy must be a JSON object".into()));
            }
            Err(error) => {
                return Err(ApiError::InvalidResourcePolicy(format!("Policy is no JSON: {error}")));
            }
        }
        self.change(|model, changes| {
            model.tags(kind, id, arn).ok_or_else(|| no_such_arn(kind, id, arn))?;
            changes.push(Change::Policy(arn.to_owned(), Some(policy.to_owned())));
            Ok(())
        })
    }

    /// The policy of a resource.
    ///
    /// # Errors
    /// 404 where it has none.
    pub(crate) fn policy(&self, arn: &str) -> Result<String, ApiError> {
        let (kind, id) = named(arn)?;
        let found = self.model().policies.get(arn).cloned();
        found.ok_or_else(|| ApiError::not_found(kind, id, format!("{arn} has no resource policy")))
    }

    /// Removes the policy of a resource.
    ///
    /// # Errors
    /// 404 where it has none.
    pub(crate) fn delete_policy(&self, arn: &str) -> Result<(), ApiError> {
        self.policy(arn)?;
        self.change(|_, changes| {
            changes.push(Change::Policy(arn.to_owned(), None));
            Ok(())
        })
    }
}
