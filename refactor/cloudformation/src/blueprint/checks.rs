//! What can be said of a template before anything of it is made.

use crate::functions::Scope;
use crate::kinds::{Type, unrecognized};
use crate::order;
use crate::template::{Expression, Output, Template, TemplateResource};

/// The values of the resources and outputs whose conditions hold, each with its section.
pub(super) fn present_values<'a>(
    template: &'a Template,
    scope: &Scope,
) -> Vec<(&'a Expression, &'static str)> {
    let resources = order::present(template, scope).into_iter().flat_map(TemplateResource::values);
    let outputs = template.outputs.iter().filter(|output| scope.holds(output.condition.as_ref()));
    let outputs = outputs.flat_map(Output::values).map(|value| (value, "Outputs"));
    resources.map(|value| (value, "Resources")).chain(outputs).collect()
}

/// Every resource is of a type that can be made here.
pub(super) fn types(template: &Template) -> Result<(), String> {
    let resources = template.resources.iter().map(TemplateResource::name_and_kind);
    let unknown = resources.filter(|(_, kind)| Type::of(kind).is_none());
    let unknown: Vec<_> = unknown.map(|(name, kind)| (kind, name)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(unrecognized(&unknown)) }
}

/// `Fn::GetAtt` may ask only for what the type gives.
pub(super) fn attributes(template: &Template) -> Result<(), String> {
    for expression in template.values().flat_map(Expression::all) {
        for (resource, attribute) in expression.references() {
            let kind = template.resource(resource).and_then(|found| Type::of(&found.kind));
            if let (Some(attribute), Some(kind)) = (attribute, kind)
                && !kind.attributes.contains(&attribute)
            {
                return Err(format!(
                    "Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt [{}]; {} has {}",
                    expression.place,
                    kind.name,
                    kind.attributes.join(", ")
                ));
            }
        }
    }
    Ok(())
}

/// A branch that is taken may not need a resource whose condition does not hold.
pub(super) fn absent(template: &Template, scope: &Scope) -> Result<(), String> {
    let is_absent = |name: &&str| {
        template.resource(name).is_some_and(|found| !scope.holds(found.condition.as_ref()))
    };
    for (expression, section) in present_values(template, scope) {
        if let Some(name) = scope.dependencies(expression).into_iter().find(is_absent) {
            return Err(format!(
                "Template format error: Unresolved resource dependencies [{name}] in the {section} block of the template: its condition does not hold"
            ));
        }
    }
    Ok(())
}
