//! Whether a stack that should be there has to be made or changed.

use super::query::Api;
use super::stacks::{StackStatus, StoreError};
use crate::control::Caller;

/// What brings a stack to where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// There never was such a stack.
    Create,
    /// It could not be made before, and nothing but its name is left of it.
    CreateAgain,
    /// It has another value of the parameter.
    Update,
}

impl Api {
    /// What is to be done so that there is a stack of this name with this parameter; nothing where it is so,
    /// where somebody deleted it, or where it is in a state that only its owner can mend.
    ///
    /// # Errors
    /// Where the stacks cannot be read.
    pub(crate) fn due(
        &self,
        caller: &Caller,
        name: &str,
        (key, value): (&str, &str),
    ) -> Result<Option<Due>, StoreError> {
        let mut stacks = self.store().read(|state| state.stacks(&caller.region))?;
        stacks.retain(|stack| stack.name == name);
        let living = stacks.iter().find(|stack| stack.status != StackStatus::DeleteComplete);
        let Some(stack) = living else {
            return Ok(stacks.is_empty().then_some(Due::Create));
        };
        let same = stack.definition.parameters.iter().any(|(k, v)| k == key && v == value);
        Ok(match stack.status {
            StackStatus::ReviewInProgress => Some(Due::Create),
            StackStatus::RollbackComplete => Some(Due::CreateAgain),
            status if status.can_update() && !same => Some(Due::Update),
            _ => None,
        })
    }
}
