//! Each function by itself.

use serde_json::{Map, Value};

use super::cidr::cidr;
use super::dynamic::check_dynamic;
use super::scope::{ResourceLookup, Scope};
use super::value::{KNOWN_AFTER_APPLY, is_unknown, text, unknown};
use crate::template::{Expression, ExpressionKind, SubPiece};

/// Bytes of a text that functions put together; properties and outputs are far shorter.
const TEXT_LIMIT: usize = 16 * 1024;

impl Scope {
    /// The value, or `None` for `AWS::NoValue`, which takes whatever holds it away.
    ///
    /// # Errors
    /// For arguments that turn out wrong, and what `lookup` says about a resource; both with the place.
    pub(crate) fn evaluate(
        &self,
        expression: &Expression,
        lookup: ResourceLookup<'_>,
    ) -> Result<Option<Value>, String> {
        Evaluation { scope: self, lookup }.evaluate(expression).map_err(FunctionError::text)
    }

    /// A map of expressions, without what is `AWS::NoValue`.
    pub(crate) fn map(
        &self,
        entries: &[(String, Expression)],
        lookup: ResourceLookup<'_>,
    ) -> Result<Map<String, Value>, String> {
        Evaluation { scope: self, lookup }.map(entries).map_err(FunctionError::text)
    }

    /// The value of an expression that takes no resources.
    pub(super) fn constant(&self, expression: &Expression) -> Result<Option<Value>, String> {
        self.evaluate(expression, &|name, _| Err(format!("{name} is no parameter")))
    }

    /// The names of the exports that this value takes over, in the branches that are taken.
    ///
    /// # Errors
    /// If a name cannot be worked out.
    pub(crate) fn imports(&self, expression: &Expression) -> Result<Vec<String>, String> {
        let names = self.taken(expression).into_iter().filter_map(|inner| match &inner.kind {
            ExpressionKind::ImportValue(name) => Some(self.import_name(name)),
            _ => None,
        });
        names.collect()
    }

    /// The name that `Fn::ImportValue` is given.
    fn import_name(&self, name: &Expression) -> Result<String, String> {
        let value = self.constant(name)?;
        let wrong = || format!("Template error: [{}] must be a string", name.place);
        value.as_ref().and_then(text).ok_or_else(wrong)
    }
}

/// Why a function gives nothing.
enum FunctionError {
    /// It is told with its place already.
    Within(String),
    /// The function itself is at fault.
    Here(String),
}

impl FunctionError {
    fn text(self) -> String {
        match self {
            Self::Within(what) | Self::Here(what) => what,
        }
    }
}

impl From<String> for FunctionError {
    fn from(what: String) -> Self {
        Self::Here(what)
    }
}

struct Evaluation<'a> {
    scope: &'a Scope,
    lookup: ResourceLookup<'a>,
}

impl Evaluation<'_> {
    fn evaluate(&self, expression: &Expression) -> Result<Option<Value>, FunctionError> {
        match &expression.kind {
            ExpressionKind::Ref(name) if name == "AWS::NoValue" => return Ok(None),
            ExpressionKind::If { condition, then, otherwise } => {
                return match self.scope.conditions.get(condition) {
                    Some(true) => self.evaluate(then),
                    Some(false) => self.evaluate(otherwise),
                    None => Ok(Some(unknown())),
                };
            }
            _ => {}
        }
        match self.value(&expression.kind).and_then(|value| Ok(check_dynamic(value)?)) {
            Ok(value) => Ok(Some(value)),
            Err(FunctionError::Here(what)) => {
                Err(FunctionError::Within(format!("Template error: [{}] {what}", expression.place)))
            }
            Err(within) => Err(within),
        }
    }

    fn map(&self, entries: &[(String, Expression)]) -> Result<Map<String, Value>, FunctionError> {
        let values = entries.iter().filter_map(|(key, value)| {
            let value = self.evaluate(value).transpose()?;
            Some(value.map(|value| (key.clone(), value)))
        });
        values.collect()
    }

    fn value(&self, kind: &ExpressionKind) -> Result<Value, FunctionError> {
        Ok(match kind {
            ExpressionKind::Literal(value) => value.clone(),
            ExpressionKind::List(items) => {
                let items = items.iter().filter_map(|item| self.evaluate(item).transpose());
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            ExpressionKind::Map(entries) => Value::Object(self.map(entries)?),
            ExpressionKind::Ref(name) => self.scope.reference(name, self.lookup)?,
            ExpressionKind::GetAtt { resource, attribute } => {
                Value::String((self.lookup)(resource, Some(attribute))?)
            }
            // Decided before.
            ExpressionKind::If { .. } => unknown(),
            ExpressionKind::Join(two) => {
                let takes = "every Fn::Join object takes a list of strings";
                let delimiter = self.text(&two[0], takes)?;
                let texts: Option<Vec<String>> =
                    self.items(&two[1], takes)?.iter().map(text).collect();
                let texts = texts.ok_or_else(|| takes.to_owned())?;
                Value::String(bounded(texts.join(&delimiter))?)
            }
            ExpressionKind::Select(two) => {
                let takes = "Fn::Select takes an index and a list";
                select(&self.text(&two[0], takes)?, &self.items(&two[1], takes)?)?
            }
            ExpressionKind::Split(two) => {
                let [delimiter, text] = self.texts(two, "every Fn::Split object takes a string")?;
                split(&delimiter, &text)
            }
            ExpressionKind::GetAzs(region) => {
                let region = self.text(region, "Fn::GetAZs takes a region")?;
                let region = if region.is_empty() { &self.scope.stack.region } else { &region };
                ["a", "b", "c"].map(|zone| Value::String(format!("{region}{zone}"))).into()
            }
            ExpressionKind::Cidr(three) => {
                let texts = self.texts(three, "Fn::Cidr takes a block and two numbers")?;
                match texts.each_ref().map(String::as_str) {
                    texts if is_any_unknown(&texts) => Value::Array(vec![unknown()]),
                    [block, count, bits] => cidr(block, count, bits)?.into(),
                }
            }
            ExpressionKind::FindInMap(three) => {
                let texts = self.texts(three, "Fn::FindInMap takes three strings")?;
                match texts.each_ref().map(String::as_str) {
                    texts if is_any_unknown(&texts) => unknown(),
                    [mapping, top, second] => self.scope.mappings.find(mapping, top, second)?,
                }
            }
            ExpressionKind::ImportValue(name) => {
                self.import(&self.scope.import_name(name).map_err(FunctionError::Within)?)?
            }
            ExpressionKind::Sub { pieces, variables } => self.substitute(pieces, variables)?,
        })
    }

    fn import(&self, name: &str) -> Result<Value, String> {
        match &self.scope.exports {
            Some(exports) if !name.contains(KNOWN_AFTER_APPLY) => {
                let value = exports.get(name).cloned().map(Value::String);
                value.ok_or_else(|| format!("No export named {name} found"))
            }
            _ => Ok(unknown()),
        }
    }

    fn substitute(
        &self,
        pieces: &[SubPiece],
        variables: &[(String, Expression)],
    ) -> Result<Value, FunctionError> {
        let mut result = String::new();
        for piece in pieces {
            let value = match piece {
                SubPiece::Text(text) => Value::String(text.clone()),
                SubPiece::Ref(name) => match variables.iter().find(|(known, _)| known == name) {
                    Some((_, value)) => self.evaluate(value)?.unwrap_or_default(),
                    None => self.scope.reference(name, self.lookup)?,
                },
                SubPiece::GetAtt { resource, attribute } => {
                    Value::String((self.lookup)(resource, Some(attribute))?)
                }
            };
            let part = text(&value).ok_or_else(|| "Fn::Sub takes strings".to_owned())?;
            result = bounded(result + &part)?;
        }
        Ok(Value::String(result))
    }

    fn texts<const N: usize>(
        &self,
        expressions: &[Expression; N],
        takes: &str,
    ) -> Result<[String; N], FunctionError> {
        let mut texts = [const { String::new() }; N];
        for (text, expression) in texts.iter_mut().zip(expressions) {
            *text = self.text(expression, takes)?;
        }
        Ok(texts)
    }

    fn text(&self, expression: &Expression, takes: &str) -> Result<String, FunctionError> {
        let value = self.evaluate(expression)?;
        value.as_ref().and_then(text).ok_or_else(|| FunctionError::Here(takes.to_owned()))
    }

    fn items(&self, list: &Expression, takes: &str) -> Result<Vec<Value>, FunctionError> {
        match self.evaluate(list)? {
            Some(Value::Array(items)) => Ok(items),
            Some(value) if is_unknown(&value) => Ok(vec![value]),
            _ => Err(FunctionError::Here(takes.to_owned())),
        }
    }
}

fn is_any_unknown(texts: &[&str]) -> bool {
    texts.iter().any(|text| text.contains(KNOWN_AFTER_APPLY))
}

fn select(index: &str, items: &[Value]) -> Result<Value, String> {
    match index.parse::<usize>().ok().and_then(|index| items.get(index)) {
        Some(item) => Ok(item.clone()),
        None if is_any_unknown(&[index]) || items.iter().any(is_unknown) => Ok(unknown()),
        None => Err(format!(
            "Fn::Select cannot select {index}: the list has {} values, from 0",
            items.len()
        )),
    }
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
