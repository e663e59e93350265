//! Looks at resources as they are now.

use super::calls::StackEngine;
use crate::kinds::{Maker, Type};
use crate::stacks::{DriftStatus, Generation, ResourceDrift, StackResource, now};

impl StackEngine {
    /// How a resource differs from what its stack made; `None` if nothing stands behind it.
    ///
    /// # Errors
    /// If the provider cannot tell.
    pub(crate) fn drift(
        &self,
        region: &str,
        resource: &StackResource,
    ) -> Result<Option<ResourceDrift>, String> {
        let Some(current) = &resource.current else { return Ok(None) };
        let Some(kind) = Type::of(&resource.kind) else { return Ok(None) };
        let Maker::Spaces(of) = kind.maker else { return Ok(None) };
        let expected = &current.properties;
        let actual = self.provider.actual(region, of, &current.physical_id, expected);
        let actual = actual.map_err(|failure| failure.reason)?;
        let status = match &actual {
            None => DriftStatus::Deleted,
            Some(actual) if kind.differences(expected, actual).is_empty() => DriftStatus::InSync,
            Some(_) => DriftStatus::Modified,
        };
        Ok(Some(ResourceDrift { status, time: now(), actual }))
    }

    /// A resource as it is now instead of as its stack made it.
    ///
    /// # Errors
    /// If the provider cannot tell.
    pub(crate) fn as_it_is(
        &self,
        region: &str,
        resource: &StackResource,
    ) -> Result<StackResource, String> {
        let mut resource = resource.clone();
        if let Some(drift) = self.drift(region, &resource)? {
            resource.current = resource
                .current
                .zip(drift.actual)
                .map(|(current, properties)| Generation { properties, ..current });
        }
        Ok(resource)
    }
}
