//! What is known to be wrong with a template without any value of a parameter.

use super::Blueprint;
use crate::functions::KNOWN_AFTER_APPLY;
use crate::order;
use crate::provider::Provider;
use crate::template::{Template, TemplateResource};

/// Checks a template whatever values its parameters get: types, attributes, the properties and outputs that hang on no
/// condition, as far as they are known, and circles if no condition can break them.
///
/// # Errors
/// All that is wrong with properties; or else the first other thing.
pub(crate) fn validate(template: &Template, provider: &dyn Provider) -> Result<(), String> {
    let blueprint = Blueprint::undecided(template)?;
    let scope = &blueprint.scope;
    let mut faults = Vec::new();
    for resource in template.resources.iter().filter(|resource| resource.condition.is_none()) {
        match blueprint.properties(&resource.logical_id, &look_up) {
            Ok(values) => {
                faults.extend(blueprint.refused(&resource.logical_id, &values, provider)?);
            }
            Err(fault) => faults.push(fault),
        }
    }
    for output in template.outputs.iter().filter(|output| output.condition.is_none()) {
        faults.extend(output.values().filter_map(|value| scope.evaluate(value, &look_up).err()));
    }
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    if template.conditions.is_empty() {
        let needs = order::needs(template, scope);
        order::sort(template.resources.iter().map(TemplateResource::name_and_kind), &needs)?;
    }
    Ok(())
}

fn look_up(_: &str, _: Option<&str>) -> Result<String, String> {
    Ok(KNOWN_AFTER_APPLY.to_owned())
}
