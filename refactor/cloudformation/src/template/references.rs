//! Every name that a template uses must be there: parameters, resources and conditions.

use std::collections::BTreeSet;

use super::condition::Condition;
use super::expression::{Expression, ExpressionKind};
use super::node::NodePath;
use super::section::Template;

/// What `Ref` gives without a declaration.
const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Checks all names of the template.
///
/// # Errors
/// The names of one section that lead nowhere; conditions that use each other in a circle.
pub(super) fn check(template: &Template) -> Result<(), String> {
    conditions(template)?;
    for resource in &template.resources {
        condition(template, resource.condition.as_deref(), "Resources")?;
        let missing = resource.depends_on.iter().map(String::as_str);
        let missing = missing.filter(|name| template.resource(name).is_none());
        let missing = missing.map(|name| (name, &resource.place)).collect();
        names(template, "Resources", missing, resource.values())?;
    }
    for output in &template.outputs {
        condition(template, output.condition.as_deref(), "Outputs")?;
        names(template, "Outputs", Vec::new(), output.values())?;
    }
    imports(template)
}

/// The name of an import must be known before there is any resource.
fn imports(template: &Template) -> Result<(), String> {
    let needs = |inner: &&Expression| {
        matches!(inner.kind, ExpressionKind::ImportValue(_) | ExpressionKind::GetAzs(_))
            || inner
                .references()
                .iter()
                .any(|(name, attribute)| !is_value(template, name, *attribute))
    };
    for import in template.values().flat_map(Expression::all) {
        if let ExpressionKind::ImportValue(name) = &import.kind
            && name.all().iter().any(needs)
        {
            return Err(format!(
                "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs [{}]",
                name.place
            ));
        }
    }
    Ok(())
}

fn conditions(template: &Template) -> Result<(), String> {
    let mut done = BTreeSet::new();
    for (name, condition) in &template.conditions {
        let mut compared = Vec::new();
        for inner in condition.all() {
            match inner {
                Condition::Named(used) if template.condition(used).is_none() => {
                    return Err(unresolved_condition(used, "Condition"));
                }
                Condition::Equals(left, right) => compared.extend([left, right]),
                _ => {}
            }
        }
        for inner in compared.iter().flat_map(|compared| compared.all()) {
            let name = match inner.kind {
                ExpressionKind::If { .. } => "Fn::If",
                ExpressionKind::ImportValue(_) => "Fn::ImportValue",
                _ => continue,
            };
            return Err(format!(
                "Template format error: [{}] {name} cannot be used in the Conditions section",
                inner.place
            ));
        }
        names(template, "Conditions", Vec::new(), compared.into_iter())?;
        circle(template, name, &mut vec![name], &mut done)?;
    }
    Ok(())
}

/// Follows the conditions that a condition uses. What is in `done` leads into no circle and is not followed again: else
/// the number of ways would double with each condition that uses another one twice.
fn circle<'a>(
    template: &'a Template,
    name: &'a str,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Result<(), String> {
    if done.contains(name) {
        return Ok(());
    }
    for inner in template.condition(name).into_iter().flat_map(Condition::all) {
        let Condition::Named(name) = inner else { continue };
        let again = path.contains(&name.as_str());
        path.push(name);
        if again {
            let path = path.join(" -> ");
            return Err(format!("Template error: Circular condition dependency: {path}"));
        }
        circle(template, name, path, done)?;
        path.pop();
    }
    done.insert(name);
    Ok(())
}

/// Checks the condition of a resource or an output.
fn condition(template: &Template, name: Option<&str>, section: &str) -> Result<(), String> {
    match name.filter(|name| template.condition(name).is_none()) {
        Some(name) => {
            Err(unresolved_condition(name, &format!("the {section} block of the template")))
        }
        None => Ok(()),
    }
}

/// Checks the names that values take; `unknown` has those that are known to lead nowhere. Conditions are decided before
/// there is any resource, so they may take none.
fn names<'a>(
    template: &Template,
    section: &str,
    mut unknown: Vec<(&'a str, &'a NodePath)>,
    values: impl Iterator<Item = &'a Expression>,
) -> Result<(), String> {
    for inner in values.flat_map(Expression::all) {
        if let ExpressionKind::If { condition, .. } = &inner.kind
            && template.condition(condition).is_none()
        {
            return Err(unresolved_condition(condition, "Fn::If"));
        }
        for (name, attribute) in inner.references() {
            let is_resource = section != "Conditions" && template.resource(name).is_some();
            if !is_resource && !is_value(template, name, attribute) {
                unknown.push((name, &inner.place));
            }
        }
    }
    let Some((_, place)) = unknown.first().copied() else { return Ok(()) };
    unknown.dedup_by_key(|(name, _)| *name);
    let names: Vec<&str> = unknown.into_iter().map(|(name, _)| name).collect();
    Err(format!(
        "Template format error: Unresolved resource dependencies [{}] in the {section} block of the template: {place}",
        names.join(", ")
    ))
}

/// Whether a reference takes a parameter, and not a resource.
fn is_value(template: &Template, name: &str, attribute: Option<&str>) -> bool {
    let known = PSEUDO_PARAMETERS.contains(&name) || template.parameter(name).is_some();
    known && attribute.is_none()
}

fn unresolved_condition(name: &str, place: &str) -> String {
    format!("Template error: unresolved condition dependency {name} in {place}")
}
