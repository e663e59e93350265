//! What can be said of a template before anything of it is made.

use crate::functions::Scope;
use crate::kinds::Type;
use crate::order;
use crate::template::{Expression, ExpressionKind, Piece, Resource, Template};

/// The values of the resources and outputs whose conditions hold, each with its section.
pub(super) fn present_values<'a>(
    template: &'a Template,
    scope: &Scope,
) -> impl Iterator<Item = (&'a Expression, &'static str)> {
    let resources = order::present(template, scope).into_iter();
    let outputs = template.outputs.iter().filter(|output| scope.holds(output.condition.as_ref()));
    resources
        .flat_map(|resource| &resource.properties)
        .map(|(_, value)| (value, "Resources"))
        .chain(
            outputs
                .flat_map(|output| std::iter::once(&output.value).chain(&output.export))
                .map(|value| (value, "Outputs")),
        )
        .collect::<Vec<_>>()
        .into_iter()
}

/// Every resource is of a type that can be made here.
pub(super) fn types(template: &Template) -> Result<(), String> {
    let strange: Vec<_> =
        template.resources.iter().filter(|found| Type::of(&found.kind).is_none()).collect();
    match strange.as_slice() {
        [] => Ok(()),
        [one] => Type::find(&one.kind, &one.logical_id).map(drop),
        several => {
            let list = |name: fn(&&Resource) -> String| {
                several.iter().map(name).collect::<Vec<_>>().join(", ")
            };
            Err(format!(
                "Template format error: Unrecognized resource types: [{}]: the resources {} cannot be made here. Supported are {}",
                list(|found| found.kind.clone()),
                list(|found| found.logical_id.clone()),
                Type::names().join(", ")
            ))
        }
    }
}

/// `Fn::GetAtt` may ask only for what the type gives.
pub(super) fn attributes(template: &Template) -> Result<(), String> {
    let mut wrong = None;
    let mut check = |resource: &str, attribute: &str, expression: &Expression| {
        let kind =
            template.resource(resource).and_then(|found| Type::find(&found.kind, resource).ok());
        if let Some(kind) = kind
            && !kind.attributes.contains(&attribute)
        {
            wrong.get_or_insert(format!(
                "Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt [{}]; {} has {}",
                expression.place,
                kind.name,
                kind.attributes.join(", ")
            ));
        }
    };
    for expression in template.values() {
        expression.walk(&mut |expression| match &expression.kind {
            ExpressionKind::GetAtt { resource, attribute } => {
                check(resource, attribute, expression)
            }
            ExpressionKind::Sub { pieces, .. } => {
                for piece in pieces {
                    if let Piece::GetAtt { resource, attribute } = piece {
                        check(resource, attribute, expression);
                    }
                }
            }
            _ => {}
        });
    }
    wrong.map_or(Ok(()), Err)
}

/// A branch that is taken may not need a resource whose condition does not hold.
pub(super) fn absent(template: &Template, scope: &Scope) -> Result<(), String> {
    let gone = |name: &str| {
        template.resource(name).is_some_and(|found| !scope.holds(found.condition.as_ref()))
    };
    for (expression, section) in present_values(template, scope) {
        let mut missing = None;
        scope.dependencies(expression, &mut |name| {
            if gone(name) {
                missing.get_or_insert(name.to_owned());
            }
        });
        if let Some(name) = missing {
            return Err(format!(
                "Template format error: Unresolved resource dependencies [{name}] in the {section} block of the template: its condition does not hold"
            ));
        }
    }
    Ok(())
}
