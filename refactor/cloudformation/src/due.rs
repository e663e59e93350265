//! Whether a stack that a program keeps has to be made or changed.

use super::query::Api;
use super::stacks::{StackError, StackStatus};
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
    },
}

impl Api {
    /// The reason for the state of the living stack of this name; empty if none was given.
    pub fn reason(&self, caller: &Caller, name: &str) -> Result<String, StackError> {
        let stack = self.store.read(|state| state.stack(&caller.region, name))?;
        Ok(stack.and_then(|stack| stack.reason).unwrap_or_default())
    }

    /// The change that gives the stack of this name the value `value` for its parameter `key`; `before` is the value
    /// that was last given. Nothing if the stack has the value already, if another caller changed the value or
    /// deleted the stack, or if the stack needs a repair by hand.
    ///
    /// # Errors
    /// If the stacks cannot be read.
    pub fn due(
        &self,
        caller: &Caller,
        name: &str,
        key: &str,
        value: &str,
        before: Option<&str>,
    ) -> Result<Option<Due>, StackError> {
        let mut stacks = self.store.read(|state| state.stacks(&caller.region))?;
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
                Some(Due::Update { others: others.cloned().collect() })
            }
            _ => None,
        })
    }
}
