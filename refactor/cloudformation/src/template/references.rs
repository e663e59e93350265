//! Every name that a template uses must be there: parameters, resources and conditions.

use std::collections::BTreeSet;

use super::expression::{Expression, ExpressionKind, Piece};
use super::node::NodePath;
use super::{Template, TemplateError};

/// What `Ref` gives without a declaration.
pub(crate) const PSEUDO_PARAMETERS: [&str; 8] = [
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
pub(super) fn check(template: &Template) -> Result<(), TemplateError> {
    conditions(template)?;
    resources(template)?;
    outputs(template)?;
    imports(template)
}

/// The name of an import must be known before there is any resource.
fn imports(template: &Template) -> Result<(), TemplateError> {
    let mut wrong = None;
    for expression in template.values() {
        expression.walk(&mut |import| {
            let ExpressionKind::ImportValue(name) = &import.kind else { return };
            let mut found = Names::default();
            found.collect(template, name);
            let mut depends = !found.resources.is_empty();
            name.walk(&mut |inner| {
                depends |= matches!(
                    inner.kind,
                    ExpressionKind::ImportValue(_) | ExpressionKind::GetAzs(_)
                );
            });
            if depends {
                wrong.get_or_insert(name.place.clone());
            }
        });
    }
    wrong.map_or(Ok(()), |place| {
        Err(TemplateError(format!(
            "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs [{place}]"
        )))
    })
}

fn conditions(template: &Template) -> Result<(), TemplateError> {
    let mut done = BTreeSet::new();
    for (name, condition) in &template.conditions {
        let mut unknown = None;
        condition.names(&mut |used| {
            if !is_condition(template, used) {
                unknown = Some(used.to_owned());
            }
        });
        if let Some(used) = unknown {
            return Err(unresolved_condition(&used, "Condition"));
        }
        let mut found = Names::default();
        let mut misplaced = None;
        condition.expressions(&mut |expression| {
            found.collect(template, expression);
            expression.walk(&mut |inner| {
                let name = match inner.kind {
                    ExpressionKind::If { .. } => "Fn::If",
                    ExpressionKind::ImportValue(_) => "Fn::ImportValue",
                    _ => return,
                };
                misplaced = Some((name, inner.place.clone()));
            });
        });
        if let Some((name, place)) = misplaced {
            return Err(TemplateError(format!(
                "Template format error: [{place}] {name} cannot be used in the Conditions section"
            )));
        }
        // Conditions are decided before there is any resource.
        found.unknown.append(&mut found.resources);
        found.answer("Conditions")?;
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
) -> Result<(), TemplateError> {
    if done.contains(name) {
        return Ok(());
    }
    let Some((_, condition)) = template.conditions.iter().find(|(known, _)| known == name) else {
        return Ok(());
    };
    let mut used = Vec::new();
    condition.names(&mut |name| used.push(name));
    for name in used {
        if path.contains(&name) {
            path.push(name);
            return Err(TemplateError(format!(
                "Template error: Circular condition dependency: {}",
                path.join(" -> ")
            )));
        }
        path.push(name);
        circle(template, name, path, done)?;
        path.pop();
    }
    done.insert(name);
    Ok(())
}

fn resources(template: &Template) -> Result<(), TemplateError> {
    for resource in &template.resources {
        if let Some(condition) = &resource.condition
            && !is_condition(template, condition)
        {
            return Err(unresolved_condition(condition, "the Resources block of the template"));
        }
        let mut found = Names::default();
        for name in &resource.depends_on {
            if template.resource(name).is_none() {
                found.unknown.push((name.clone(), resource.place.clone()));
            }
        }
        for (_, value) in &resource.properties {
            found.collect(template, value);
        }
        found.answer("Resources")?;
    }
    Ok(())
}

fn outputs(template: &Template) -> Result<(), TemplateError> {
    for output in &template.outputs {
        if let Some(condition) = &output.condition
            && !is_condition(template, condition)
        {
            return Err(unresolved_condition(condition, "the Outputs block of the template"));
        }
        let mut found = Names::default();
        found.collect(template, &output.value);
        if let Some(export) = &output.export {
            found.collect(template, export);
        }
        found.answer("Outputs")?;
    }
    Ok(())
}

/// The names that lead nowhere.
#[derive(Default)]
struct Names {
    unknown: Vec<(String, NodePath)>,
    resources: Vec<(String, NodePath)>,
    conditions: Vec<String>,
}

impl Names {
    fn collect(&mut self, template: &Template, expression: &Expression) {
        expression.walk(&mut |expression| match &expression.kind {
            ExpressionKind::Ref(name) => self.reference(template, name, &expression.place),
            ExpressionKind::GetAtt { resource, .. } => {
                self.resource(template, resource, &expression.place)
            }
            ExpressionKind::If { condition, .. } if !is_condition(template, condition) => {
                self.conditions.push(condition.clone())
            }
            ExpressionKind::Sub { pieces, variables } => {
                for piece in pieces {
                    match piece {
                        Piece::Ref(name) if variables.iter().any(|(known, _)| known == name) => {}
                        Piece::Ref(name) => self.reference(template, name, &expression.place),
                        Piece::GetAtt { resource, .. } => {
                            self.resource(template, resource, &expression.place)
                        }
                        Piece::Text(_) => {}
                    }
                }
            }
            _ => {}
        });
    }

    fn reference(&mut self, template: &Template, name: &str, place: &NodePath) {
        if !PSEUDO_PARAMETERS.contains(&name) && template.parameter(name).is_none() {
            self.resource(template, name, place);
        }
    }

    fn resource(&mut self, template: &Template, name: &str, place: &NodePath) {
        let known = template.resource(name).is_some();
        let list = if known { &mut self.resources } else { &mut self.unknown };
        list.push((name.to_owned(), place.clone()));
    }

    fn answer(mut self, section: &str) -> Result<(), TemplateError> {
        if let Some(condition) = self.conditions.first() {
            return Err(unresolved_condition(condition, "Fn::If"));
        }
        let Some((_, place)) = self.unknown.first().cloned() else { return Ok(()) };
        self.unknown.dedup_by(|a, b| a.0 == b.0);
        let names: Vec<&str> = self.unknown.iter().map(|(name, _)| name.as_str()).collect();
        Err(TemplateError(format!(
            "Template format error: Unresolved resource dependencies [{}] in the {section} block of the template: {place}",
            names.join(", ")
        )))
    }
}

fn is_condition(template: &Template, name: &str) -> bool {
    template.conditions.iter().any(|(known, _)| known == name)
}

fn unresolved_condition(name: &str, place: &str) -> TemplateError {
    TemplateError(format!("Template error: unresolved condition dependency {name} in {place}"))
}
