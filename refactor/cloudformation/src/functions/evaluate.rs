//! Each function by itself.

use serde_json::{Map, Value};

use super::cidr::cidr;
use super::dynamic::check_dynamic;
use super::{EvaluationError, KNOWN_AFTER_APPLY, Lookup, Scope, is_unknown, no_resources, text};
use crate::template::{Expression, ExpressionKind, Piece};

/// Bytes of a text that functions put together; properties and outputs are far shorter.
const TEXT_LIMIT: usize = 16 * 1024;

/// Why a function gives nothing.
enum Fault {
    /// It is told with its place already.
    Within(EvaluationError),
    /// The function itself is at fault.
    Here(String),
}

impl From<EvaluationError> for Fault {
    fn from(error: EvaluationError) -> Self {
        Self::Within(error)
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::Here(what)
    }
}

impl Scope {
    /// The value, or `None` for `AWS::NoValue`, which takes whatever holds it away.
    ///
    /// # Errors
    /// For arguments that turn out wrong, and what `lookup` says about a resource; both with the place.
    pub(crate) fn evaluate(
        &self,
        expression: &Expression,
        lookup: Lookup<'_>,
    ) -> Result<Option<Value>, EvaluationError> {
        match &expression.kind {
            ExpressionKind::Ref(name) if name == "AWS::NoValue" => return Ok(None),
            ExpressionKind::If { condition, then, otherwise } => {
                return match self.conditions.get(condition) {
                    Some(true) => self.evaluate(then, lookup),
                    Some(false) => self.evaluate(otherwise, lookup),
                    None => Ok(Some(unknown())),
                };
            }
            _ => {}
        }
        let value = self.value(&expression.kind, lookup);
        match value.and_then(|value| check_dynamic(&value).map(|()| value).map_err(Fault::Here)) {
            Ok(value) => Ok(Some(value)),
            Err(Fault::Within(error)) => Err(error),
            Err(Fault::Here(what)) => {
                Err(EvaluationError(format!("Template error: [{}] {what}", expression.place)))
            }
        }
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

    /// The name that `Fn::ImportValue` is given.
    pub(super) fn import_name(&self, name: &Expression) -> Result<String, EvaluationError> {
        let value = self.evaluate(name, &no_resources())?;
        value.as_ref().and_then(text).ok_or_else(|| {
            EvaluationError(format!("Template error: [{}] must be a string", name.place))
        })
    }

    fn value(&self, kind: &ExpressionKind, lookup: Lookup<'_>) -> Result<Value, Fault> {
        Ok(match kind {
            ExpressionKind::Literal(value) => value.clone(),
            ExpressionKind::List(items) => Value::Array(self.list(items, lookup)?),
            ExpressionKind::Map(entries) => Value::Object(self.map(entries, lookup)?),
            ExpressionKind::Ref(name) => self.reference(name, lookup)?,
            ExpressionKind::GetAtt { resource, attribute } => {
                Value::String(lookup(resource, Some(attribute))?)
            }
            // Decided before.
            ExpressionKind::If { .. } => unknown(),
            ExpressionKind::Join { delimiter, list } => {
                let takes = "every Fn::Join object takes a list of strings";
                let texts: Option<Vec<String>> =
                    self.items(list, lookup, takes)?.iter().map(text).collect();
                let texts = texts.ok_or_else(|| takes.to_owned())?;
                Value::String(bounded(texts.join(delimiter))?)
            }
            ExpressionKind::Select { index, list } => self.select(index, list, lookup)?,
            ExpressionKind::Split { delimiter, text } => {
                let text = self.text(text, lookup, "every Fn::Split object takes a string")?;
                split(delimiter, &text)
            }
            ExpressionKind::GetAzs(region) => {
                let region = self.text(region, lookup, "Fn::GetAZs takes a region")?;
                let region = if region.is_empty() { &self.stack.region } else { &region };
                ["a", "b", "c"].map(|zone| Value::String(format!("{region}{zone}"))).into()
            }
            ExpressionKind::Cidr(three) => {
                match self.three(three, lookup, "Fn::Cidr takes a block and two numbers")? {
                    Some([block, count, bits]) => cidr(&block, &count, &bits)?.into(),
                    None => Value::Array(vec![unknown()]),
                }
            }
            ExpressionKind::FindInMap(three) => {
                match self.three(three, lookup, "Fn::FindInMap takes three strings")? {
                    Some([mapping, top, second]) => self.mappings.find(&mapping, &top, &second)?,
                    None => unknown(),
                }
            }
            ExpressionKind::ImportValue(name) => self.import(&self.import_name(name)?)?,
            ExpressionKind::Sub { pieces, variables } => {
                self.substitute(pieces, variables, lookup)?
            }
        })
    }

    fn select(
        &self,
        index: &Expression,
        list: &Expression,
        lookup: Lookup<'_>,
    ) -> Result<Value, Fault> {
        let takes = "Fn::Select takes an index and a list";
        let index = self.text(index, lookup, takes)?;
        let items = self.items(list, lookup, takes)?;
        let item = index.parse::<usize>().ok().and_then(|index| items.get(index).cloned());
        match item {
            Some(item) => Ok(item),
            None if index.contains(KNOWN_AFTER_APPLY) || items.iter().any(is_unknown) => {
                Ok(unknown())
            }
            None => Err(Fault::Here(format!(
                "Fn::Select cannot select {index}: the list has {} values, from 0",
                items.len()
            ))),
        }
    }

    fn import(&self, name: &str) -> Result<Value, Fault> {
        match &self.exports {
            Some(exports) if !name.contains(KNOWN_AFTER_APPLY) => {
                let value = exports.get(name).cloned().map(Value::String);
                value.ok_or_else(|| Fault::Here(format!("No export named {name} found")))
            }
            _ => Ok(unknown()),
        }
    }

    fn substitute(
        &self,
        pieces: &[Piece],
        variables: &[(String, Expression)],
        lookup: Lookup<'_>,
    ) -> Result<Value, Fault> {
        let mut result = String::new();
        for piece in pieces {
            let value = match piece {
                Piece::Text(text) => Value::String(text.clone()),
                Piece::Ref(name) => match variables.iter().find(|(known, _)| known == name) {
                    Some((_, value)) => self.evaluate(value, lookup)?.unwrap_or_default(),
                    None => self.reference(name, lookup)?,
                },
                Piece::GetAtt { resource, attribute } => {
                    Value::String(lookup(resource, Some(attribute))?)
                }
            };
            let part = text(&value).ok_or_else(|| "Fn::Sub takes strings".to_owned())?;
            result = bounded(result + &part)?;
        }
        Ok(Value::String(result))
    }

    /// Three texts; `None` if one of them is not known yet.
    fn three(
        &self,
        three: &[Box<Expression>; 3],
        lookup: Lookup<'_>,
        takes: &str,
    ) -> Result<Option<[String; 3]>, Fault> {
        let [a, b, c] = three.each_ref().map(|text| self.text(text, lookup, takes));
        let texts = [a?, b?, c?];
        let unknown = texts.iter().any(|text| text.contains(KNOWN_AFTER_APPLY));
        Ok((!unknown).then_some(texts))
    }

    fn text(
        &self,
        expression: &Expression,
        lookup: Lookup<'_>,
        takes: &str,
    ) -> Result<String, Fault> {
        let value = self.evaluate(expression, lookup)?;
        value.as_ref().and_then(text).ok_or_else(|| Fault::Here(takes.to_owned()))
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
        takes: &str,
    ) -> Result<Vec<Value>, Fault> {
        match self.evaluate(list, lookup)? {
            Some(Value::Array(items)) => Ok(items),
            Some(value) if is_unknown(&value) => Ok(vec![value]),
            _ => Err(Fault::Here(takes.to_owned())),
        }
    }
}

fn unknown() -> Value {
    Value::String(KNOWN_AFTER_APPLY.to_owned())
}

/// The parts of a text. What is not known yet stays whole.
fn split(delimiter: &str, text: &str) -> Value {
    let whole = text.replace(KNOWN_AFTER_APPLY, "\0");
    whole
        .split(delimiter)
        .map(|part| Value::String(part.replace('\0', KNOWN_AFTER_APPLY)))
        .collect()
}

/// No value that a template puts together may grow without limit.
fn bounded(text: String) -> Result<String, String> {
    match text.len() {
        ..=TEXT_LIMIT => Ok(text),
        length => Err(format!("the value has {length} bytes; at most {TEXT_LIMIT} are allowed")),
    }
}
