//! PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy. A policy is kept and given back; there is
//! one account here, so it allows and forbids nothing.

use serde_json::Value;

use crate::arn::Arn;
use crate::model::ModelChange;
use crate::{ApiError, Spaces};

/// The longest policy, in characters.
const POLICY: usize = 300_000;

/// The policy of a resource that has none. AWS does not say what it answers; a public scanner of policies expects this.
const NO_POLICY: &str = "{}";

impl Spaces {
    /// Keeps the policy of a resource.
    ///
    /// # Errors
    /// 404; 400 for a text that is no JSON object on one line.
    pub fn put_policy(&self, arn: Arn<'_>, policy: &str) -> Result<(), ApiError> {
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
            model.tags(arn)?;
            changes.push(ModelChange::Policy(arn.text.to_owned(), Some(policy.to_owned())));
            Ok(())
        })
    }

    /// The policy of a resource; `{}` if it has none.
    ///
    /// # Errors
    /// 404 if there is no such resource.
    pub fn policy(&self, arn: Arn<'_>) -> Result<String, ApiError> {
        let model = self.model();
        model.tags(arn)?;
        Ok(model.policies.get(arn.text).cloned().unwrap_or_else(|| NO_POLICY.to_owned()))
    }

    /// Removes the policy of a resource, if it has one.
    ///
    /// # Errors
    /// 404 if there is no such resource.
    pub fn delete_policy(&self, arn: Arn<'_>) -> Result<(), ApiError> {
        self.change(|model, changes| {
            model.tags(arn)?;
            if model.policies.contains_key(arn.text) {
                changes.push(ModelChange::Policy(arn.text.to_owned(), None));
            }
            Ok(())
        })
    }
}
