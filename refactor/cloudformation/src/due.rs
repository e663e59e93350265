//! Whether a stack that a program keeps has to be made or changed.

use super::query::Api;
use super::stacks::{StackStatus, StoreError};
use crate::Caller;

/// What brings a stack to where it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// There never was such a stack.
    Create,
    /// It could not be made before, and nothing but its name is left of it.
    CreateAgain,
    /// It has the value that the program gave it before, and is to have another one.
    Update {
        /// The names of its other parameters, which keep their values.
        others: Vec<String>,
        /// Its tags, which stay.
        tags: Vec<(String, String)>,
    },
}

impl Api {
    /// Why the living stack of this name is as it is; empty where nobody said.
    pub fn reason(&self, caller: &Caller, name: &str) -> Result<String, StoreError> {
        let stack = self.store().read(|state| state.stack(&caller.region, name))?;
        Ok(stack.and_then(|stack| stack.reason).unwrap_or_default())
    }

    /// What is to be done so that there is a stack of this name whose parameter `key` is `value`, where it was `before`
    /// when it was last given. Nothing where it is so, where somebody else gave it another value or deleted the stack,
    /// or where it is in a state that only its owner can mend.
    ///
    /// # Errors
    /// Where the stacks cannot be read.
    pub fn due(
        &self,
        caller: &Caller,
        name: &str,
        key: &str,
        value: &str,
        before: Option<&str>,
    ) -> Result<Option<Due>, StoreError> {
        let mut stacks = self.store().read(|state| state.stacks(&caller.region))?;
        stacks.retain(|stack| stack.name == name);
        let living = stacks.iter().find(|stack| stack.status != StackStatus::DeleteComplete);
        let Some(stack) = living else {
            return Ok(stacks.is_empty().then_some(Due::Create));
        };
        let parameters = &stack.definition.parameters;
        let has = parameters.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
        Ok(match stack.status {
            StackStatus::ReviewInProgress => Some(Due::Create),
            StackStatus::RollbackComplete => Some(Due::CreateAgain),
            status if status.can_update() && has != Some(value) && has == before => {
                let others = parameters.iter().map(|(k, _)| k).filter(|k| *k != key);
                let others = others.cloned().collect();
                Some(Due::Update { others, tags: stack.definition.tags.clone() })
            }
            _ => None,
        })
    }
}
