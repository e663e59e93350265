//! Works out the values of a template: conditions, functions and pseudo parameters.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ACCOUNT;
use super::template::{Condition, Expression, Kind, Piece, Template};

#[cfg(test)]
mod tests;

/// Bytes of a text that functions put together; properties and outputs are far shorter.
const TEXT_LIMIT: usize = 16 * 1024;

/// Why a value cannot be worked out: a sentence with the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvaluationError(pub(crate) String);

/// Gives the id of a resource (`Ref`), or with a name one of its attributes (`Fn::GetAtt`).
pub(crate) type Lookup<'a> = &'a dyn Fn(&str, Option<&str>) -> Result<String, String>;

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
    conditions: BTreeMap<String, bool>,
}

impl Scope {
    /// Decides the conditions of the template.
    ///
    /// # Errors
    /// Where a condition compares what cannot be worked out.
    pub(crate) fn new(
        template: &Template,
        stack: StackIdentity,
        parameters: BTreeMap<String, Value>,
    ) -> Result<Self, EvaluationError> {
        let mut scope = Self { stack, parameters, conditions: BTreeMap::new() };
        for (name, condition) in &template.conditions {
            scope.decide_named(template, name, condition)?;
        }
        Ok(scope)
    }

    /// Whether what has this condition is there.
    pub(crate) fn holds(&self, condition: Option<&String>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(false))
    }

    /// The value, or `None` for `AWS::NoValue`, which takes whatever holds it away.
    ///
    /// # Errors
    /// For arguments that turn out wrong, and what `lookup` says about a resource; both with the place.
    pub(crate) fn evaluate(
        &self,
        expression: &Expression,
        lookup: Lookup<'_>,
    ) -> Result<Option<Value>, EvaluationError> {
        let wrong = |what: String| {
            EvaluationError(format!("Template error: [{}] {what}", expression.place))
        };
        Ok(Some(match &expression.kind {
            Kind::Literal(value) => value.clone(),
            Kind::List(items) => Value::Array(self.list(items, lookup)?),
            Kind::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    if let Some(value) = self.evaluate(value, lookup)? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
            Kind::Ref(name) if name == "AWS::NoValue" => return Ok(None),
            Kind::Ref(name) => self.reference(name, lookup).map_err(wrong)?,
            Kind::GetAtt { resource, attribute } => {
                Value::String(lookup(resource, Some(attribute)).map_err(wrong)?)
            }
            Kind::If { condition, then, otherwise } => {
                let branch = if self.holds(Some(condition)) { then } else { otherwise };
                return self.evaluate(branch, lookup);
            }
            Kind::Join { delimiter, list } => {
                let texts: Option<Vec<String>> =
                    self.items(list, lookup)?.and_then(|items| items.iter().map(text).collect());
                let texts = texts.ok_or_else(|| {
                    wrong("every Fn::Join object takes a list of strings".to_owned())
                })?;
                Value::String(bounded(texts.join(delimiter)).map_err(wrong)?)
            }
            Kind::Select { index, list } => {
                let index = self.evaluate(index, lookup)?.as_ref().and_then(text);
                let items = self.items(list, lookup)?;
                let (Some(index), Some(items)) = (index, items) else {
                    return Err(wrong("Fn::Select takes an index and a list".to_owned()));
                };
                let item = index.parse::<usize>().ok().and_then(|index| items.get(index).cloned());
                item.ok_or_else(|| {
                    wrong(format!(
                        "Fn::Select cannot select {index}: the list has {} values, from 0",
                        items.len()
                    ))
                })?
            }
            Kind::GetAzs(region) => {
                let region = self.evaluate(region, lookup)?.as_ref().and_then(text);
                let region = region.ok_or_else(|| wrong("Fn::GetAZs takes a region".to_owned()))?;
                let region = if region.is_empty() { &self.stack.region } else { &region };
                ["a", "b", "c"]
                    .iter()
                    .map(|zone| Value::String(format!("{region}{zone}")))
                    .collect()
            }
            Kind::Sub { pieces, variables } => {
                let mut result = String::new();
                for piece in pieces {
                    let value = match piece {
                        Piece::Text(text) => Value::String(text.clone()),
                        Piece::Ref(name) => match variables.iter().find(|(known, _)| known == name)
                        {
                            Some((_, value)) => self.evaluate(value, lookup)?.unwrap_or_default(),
                            None => self.reference(name, lookup).map_err(wrong)?,
                        },
                        Piece::GetAtt { resource, attribute } => {
                            Value::String(lookup(resource, Some(attribute)).map_err(wrong)?)
                        }
                    };
                    let part =
                        text(&value).ok_or_else(|| wrong("Fn::Sub takes strings".to_owned()))?;
                    result = bounded(result + &part).map_err(wrong)?;
                }
                Value::String(result)
            }
        }))
    }

    /// A map of expressions, without what is `AWS::NoValue`.
    pub(crate) fn map(
        &self,
        entries: &[(String, Expression)],
        lookup: Lookup<'_>,
    ) -> Result<Map<String, Value>, EvaluationError> {
        let mut map = Map::new();
        for (key, value) in entries {
            if let Some(value) = self.evaluate(value, lookup)? {
                map.insert(key.clone(), value);
            }
        }
        Ok(map)
    }

    /// Calls `visit` for each resource that this value needs, in the branches that are taken.
    pub(crate) fn dependencies(&self, expression: &Expression, visit: &mut impl FnMut(&str)) {
        match &expression.kind {
            Kind::Literal(_) => {}
            Kind::List(items) => items.iter().for_each(|item| self.dependencies(item, visit)),
            Kind::Map(entries) => {
                entries.iter().for_each(|(_, value)| self.dependencies(value, visit))
            }
            Kind::Ref(name) => visit(name),
            Kind::GetAtt { resource, .. } => visit(resource),
            Kind::If { condition, then, otherwise } => {
                self.dependencies(
                    if self.holds(Some(condition)) { then } else { otherwise },
                    visit,
                );
            }
            Kind::Join { list, .. } => self.dependencies(list, visit),
            Kind::Select { index, list } => {
                self.dependencies(index, visit);
                self.dependencies(list, visit);
            }
            Kind::GetAzs(region) => self.dependencies(region, visit),
            Kind::Sub { pieces, variables } => {
                for piece in pieces {
                    match piece {
                        Piece::Ref(name) if variables.iter().any(|(known, _)| known == name) => {}
                        Piece::Ref(name) => visit(name),
                        Piece::GetAtt { resource, .. } => visit(resource),
                        Piece::Text(_) => {}
                    }
                }
                variables.iter().for_each(|(_, value)| self.dependencies(value, visit));
            }
        }
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
        let nothing: Lookup<'_> = &|name, _| Err(format!("{name} is no parameter"));
        match condition {
            Condition::Equals(left, right) => {
                let [left, right] = [self.evaluate(left, nothing)?, self.evaluate(right, nothing)?];
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

    fn list(
        &self,
        items: &[Expression],
        lookup: Lookup<'_>,
    ) -> Result<Vec<Value>, EvaluationError> {
        items.iter().filter_map(|item| self.evaluate(item, lookup).transpose()).collect()
    }

    fn items(
        &self,
        list: &Expression,
        lookup: Lookup<'_>,
    ) -> Result<Option<Vec<Value>>, EvaluationError> {
        Ok(match self.evaluate(list, lookup)? {
            Some(Value::Array(items)) => Some(items),
            _ => None,
        })
    }
}

/// No value that a template puts together may grow without limit.
fn bounded(text: String) -> Result<String, String> {
    match text.len() {
        ..=TEXT_LIMIT => Ok(text),
        length => Err(format!("the value has {length} bytes; at most {TEXT_LIMIT} are allowed")),
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
