//! Looks at resources as they are now.

use super::Engine;
use crate::kinds::{Maker, Type};
use crate::provider::{Failure, Properties};
use crate::stacks::{DriftStatus, Resource, ResourceDrift, now};

impl Engine {
    /// How a resource differs from what its stack made; `None` if nothing stands behind it.
    ///
    /// # Errors
    /// If the provider cannot tell.
    pub(crate) fn drift(
        &self,
        region: &str,
        resource: &Resource,
    ) -> Result<Option<ResourceDrift>, Failure> {
        let Some(current) = &resource.current else { return Ok(None) };
        let Ok(kind) = Type::find(&resource.kind, &resource.logical_id) else { return Ok(None) };
        let Maker::Spaces(of) = kind.maker else { return Ok(None) };
        let expected = &current.properties;
        let actual = self.provider.actual(region, of, &current.physical_id, expected)?;
        let same = |actual: &Properties| kind.differences(expected, actual).is_empty();
        let status = match &actual {
            None => DriftStatus::Deleted,
            Some(actual) if same(actual) => DriftStatus::InSync,
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
        mut resource: Resource,
    ) -> Result<Resource, Failure> {
        match self.drift(region, &resource)? {
            Some(ResourceDrift { actual: Some(actual), .. }) => {
                if let Some(current) = &mut resource.current {
                    current.properties = actual;
                }
            }
            Some(ResourceDrift { actual: None, .. }) => resource.current = None,
            None => {}
        }
        Ok(resource)
    }
}
