//! What the engine asks of the provider. A provider that panics has failed; the engine lives on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::wait::Signal;
use crate::kinds::{Maker, Type};
use crate::provider::{CreatedResource, Properties, Provider, ProviderCall, StepFailure};
use crate::stacks::{Generation, StackStore};

/// Carries out operations on stacks.
pub(crate) struct StackEngine {
    pub(super) store: StackStore,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) signal: Signal,
}

impl StackEngine {
    /// What makes the resources.
    pub(crate) fn provider(&self) -> &dyn Provider {
        self.provider.as_ref()
    }

    /// Makes a resource.
    pub(super) fn create(
        &self,
        kind: &Type,
        step: &ProviderCall,
        wanted: &Properties,
    ) -> Result<Generation, String> {
        let made = match kind.maker {
            Maker::Spaces(of) => self.ask(step, |provider| provider.create(step, of, wanted))?,
            Maker::Placeholder(placeholder) => placeholder.make(kind, &step.token, wanted),
        };
        Ok(generation(made, wanted))
    }

    /// Changes a resource in place.
    pub(super) fn change(
        &self,
        kind: &Type,
        step: &ProviderCall,
        current: &Generation,
        wanted: &Properties,
    ) -> Result<Generation, String> {
        let id = &current.physical_id;
        let attributes = match kind.maker {
            Maker::Spaces(of) => self
                .ask(step, |provider| provider.update(step, of, id, &current.properties, wanted))?,
            Maker::Placeholder(_) => current.attributes.clone(),
        };
        Ok(generation(CreatedResource { physical_id: id.clone(), attributes }, wanted))
    }

    /// Puts a route in the place of another one.
    pub(super) fn swap(
        &self,
        step: &ProviderCall,
        current: &Generation,
        wanted: &Properties,
    ) -> Result<Generation, String> {
        let id = &current.physical_id;
        let made = self.ask(step, |provider| provider.replace_route(step, id, wanted))?;
        Ok(generation(made, wanted))
    }

    /// Removes a resource of the type of that name. One that is not known here, as after a step back to an older
    /// version, is refused.
    pub(super) fn remove(
        &self,
        kind: &str,
        step: &ProviderCall,
        old: &Generation,
    ) -> Result<(), String> {
        match Type::find(kind, &step.logical_id)?.maker {
            Maker::Spaces(of) => {
                self.ask(step, |provider| provider.delete(step, of, &old.physical_id))
            }
            Maker::Placeholder(_) => Ok(()),
        }
    }

    fn ask<T>(
        &self,
        step: &ProviderCall,
        call: impl FnOnce(&dyn Provider) -> Result<T, StepFailure>,
    ) -> Result<T, String> {
        let answer = catch_unwind(AssertUnwindSafe(|| call(&*self.provider)));
        let reason = match answer {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(failure)) => failure.reason,
            Err(_) => "Internal error; the log of the refactor proxy has more".to_owned(),
        };
        log::warn!("stacks: {} of {}: {reason}", step.logical_id, step.stack_id);
        Err(reason)
    }
}

fn generation(made: CreatedResource, properties: &Properties) -> Generation {
    Generation {
        physical_id: made.physical_id,
        attributes: made.attributes,
        properties: properties.clone(),
    }
}
