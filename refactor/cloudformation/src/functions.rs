//! Works out the values of a template: conditions, functions and pseudo parameters.
//!
//! A value may not be known yet: that of a resource that is still to be made, or of a parameter while a template is only
//! validated. [`KNOWN_AFTER_APPLY`] stands for it, and a text that holds it is not known as a whole.

mod cidr;
mod dynamic;
mod evaluate;

use std::collections::BTreeMap;

use serde_json::Value;

use super::id::ACCOUNT;
use super::template::{Condition, Expression, ExpressionKind, Mappings, Piece, Template};

#[cfg(test)]
mod tests;

/// Stands for what is known only once it is made; in AWS' words.
pub const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// Why a value cannot be worked out: a sentence with the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvaluationError(pub(crate) String);

/// Gives the id of a resource (`Ref`), or with a name one of its attributes (`Fn::GetAtt`).
pub(crate) type Lookup<'a> = &'a dyn Fn(&str, Option<&str>) -> Result<String, String>;

/// The values that other stacks of the region export, by name.
pub(crate) type Exports = BTreeMap<String, String>;

/// The stack that values are worked out for.
#[derive(Clone, Debug)]
pub(crate) struct StackIdentity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
}

/// What values depend on, without resources.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    stack: StackIdentity,
    parameters: BTreeMap<String, Value>,
    mappings: Mappings,
    /// `None` as long as they are not known.
    exports: Option<Exports>,
    /// One that is not here is not decided.
    conditions: BTreeMap<String, bool>,
}

impl Scope {
    /// Decides the conditions of the template.
    ///
    /// # Errors
    /// If a condition compares a value that cannot be evaluated.
    pub(crate) fn new(
        template: &Template,
        stack: StackIdentity,
        parameters: BTreeMap<String, Value>,
        exports: Exports,
    ) -> Result<Self, EvaluationError> {
        let mappings = template.mappings.clone();
        let exports = Some(exports);
        let mut scope = Self { stack, parameters, mappings, exports, conditions: BTreeMap::new() };
        for (name, condition) in &template.conditions {
            scope.decide_named(template, name, condition)?;
        }
        Ok(scope)
    }

    /// The scope of a template whose parameters have no values yet: nothing that depends on them is known.
    pub(crate) fn undecided(template: &Template) -> Self {
        let unknown = || KNOWN_AFTER_APPLY.to_owned();
        let parameters = template.parameters.iter().map(|parameter| {
            let value = Value::String(unknown());
            let value = if parameter.kind.is_list { Value::Array(vec![value]) } else { value };
            (parameter.name.clone(), value)
        });
        Self {
            stack: StackIdentity { id: unknown(), name: unknown(), region: unknown() },
            parameters: parameters.collect(),
            mappings: template.mappings.clone(),
            exports: None,
            conditions: BTreeMap::new(),
        }
    }

    /// Whether what has this condition is there. As long as that is not decided, it counts as there.
    pub(crate) fn holds(&self, condition: Option<&String>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(true))
    }

    /// Calls `visit` for this expression and all that is in it, in the branches that are taken.
    pub(crate) fn taken<'a>(
        &self,
        expression: &'a Expression,
        visit: &mut impl FnMut(&'a Expression),
    ) {
        visit(expression);
        if let ExpressionKind::If { condition, then, otherwise } = &expression.kind
            && let Some(holds) = self.conditions.get(condition)
        {
            return self.taken(if *holds { then } else { otherwise }, visit);
        }
        expression.children().into_iter().for_each(|child| self.taken(child, visit));
    }

    /// Calls `visit` for each resource that this value needs, in the branches that are taken.
    pub(crate) fn dependencies(&self, expression: &Expression, visit: &mut impl FnMut(&str)) {
        self.taken(expression, &mut |inner| match &inner.kind {
            ExpressionKind::Ref(name) | ExpressionKind::GetAtt { resource: name, .. } => {
                visit(name)
            }
            ExpressionKind::Sub { pieces, variables } => {
                pieces.iter().for_each(|piece| match piece {
                    Piece::Ref(name) if variables.iter().any(|(known, _)| known == name) => {}
                    Piece::Ref(name) | Piece::GetAtt { resource: name, .. } => visit(name),
                    Piece::Text(_) => {}
                })
            }
            _ => {}
        });
    }

    /// The names of the exports that this value takes over, in the branches that are taken.
    ///
    /// # Errors
    /// If a name cannot be worked out.
    pub(crate) fn imports(&self, expression: &Expression) -> Result<Vec<String>, EvaluationError> {
        let mut names = Vec::new();
        self.taken(expression, &mut |inner| {
            if let ExpressionKind::ImportValue(name) = &inner.kind {
                names.push(self.import_name(name));
            }
        });
        names.into_iter().collect()
    }

    /// Decides a condition once, however many others use it.
    fn decide_named(
        &mut self,
        template: &Template,
        name: &str,
        condition: &Condition,
    ) -> Result<bool, EvaluationError> {
        if let Some(holds) = self.conditions.get(name) {
            return Ok(*holds);
        }
        let holds = self.decide(template, condition)?;
        self.conditions.insert(name.to_owned(), holds);
        Ok(holds)
    }

    fn decide(
        &mut self,
        template: &Template,
        condition: &Condition,
    ) -> Result<bool, EvaluationError> {
        // `template/references.rs` has refused resources in conditions.
        let nothing = no_resources();
        match condition {
            Condition::Equals(left, right) => {
                let [left, right] =
                    [self.evaluate(left, &nothing)?, self.evaluate(right, &nothing)?];
                Ok(match (left.as_ref().and_then(text), right.as_ref().and_then(text)) {
                    (Some(left), Some(right)) => left == right,
                    _ => left == right,
                })
            }
            Condition::Not(inner) => Ok(!self.decide(template, inner)?),
            Condition::And(inner) => {
                inner.iter().try_fold(true, |all, inner| Ok(all & self.decide(template, inner)?))
            }
            Condition::Or(inner) => {
                inner.iter().try_fold(false, |any, inner| Ok(any | self.decide(template, inner)?))
            }
            Condition::Named(name) => {
                match template.conditions.iter().find(|(known, _)| known == name) {
                    Some((_, condition)) => self.decide_named(template, name, condition),
                    None => Err(EvaluationError(format!(
                        "Template error: unresolved condition dependency {name}"
                    ))),
                }
            }
        }
    }

    fn reference(&self, name: &str, lookup: Lookup<'_>) -> Result<Value, String> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        Ok(Value::String(match name {
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::NotificationARNs" => return Ok(Value::Array(Vec::new())),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::Region" => self.stack.region.clone(),
            "AWS::StackId" => self.stack.id.clone(),
            "AWS::StackName" => self.stack.name.clone(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            resource => lookup(resource, None)?,
        }))
    }
}

/// The lookup if there are no resources.
fn no_resources() -> impl Fn(&str, Option<&str>) -> Result<String, String> {
    |name, _| Err(format!("{name} is no parameter"))
}

/// Whether a text, or one in a list or an object, holds something that is not known yet.
pub fn is_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(KNOWN_AFTER_APPLY),
        Value::Array(items) => items.iter().any(is_unknown),
        Value::Object(members) => members.values().any(is_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A scalar as text; CloudFormation compares and joins numbers and booleans as such.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
