//! The functions of templates: their names, and the shape of what each takes.

use super::arguments::arguments;
use super::expression::{Expression, ExpressionKind};
use super::node::{At, Data};
use super::sub;

/// Functions that AWS has with a transform only.
const EXTENSIONS: [&str; 3] = ["Fn::ForEach", "Fn::Length", "Fn::ToJsonString"];

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// For a function that is unknown or not supported, or whose arguments have another shape than it takes.
    pub(crate) fn read(at: &At<'_>) -> Result<Self, String> {
        let kind = match at.data() {
            Data::List(_) => {
                ExpressionKind::List(at.items()?.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Data::Map(_) => {
                let entries = at.entries()?;
                match entries.iter().find(|(name, _)| is_function(name)) {
                    Some((name, argument)) if entries.len() == 1 => read(name, argument)?,
                    Some((name, _)) => {
                        return Err(at.error(format!("{name} must be the only key of its object")));
                    }
                    None => ExpressionKind::Map(Self::map(at)?),
                }
            }
            _ => ExpressionKind::Literal(at.scalar()?),
        };
        Ok(Self { place: at.place().clone(), kind })
    }

    /// Reads a map of expressions.
    pub(super) fn map(at: &At<'_>) -> Result<Vec<(String, Self)>, String> {
        at.entries()?
            .iter()
            .map(|(name, value)| Ok(((*name).to_owned(), Self::read(value)?)))
            .collect()
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key == "Condition" || key.starts_with("Fn::")
}

/// Reads a function with what it is given.
fn read(name: &str, argument: &At<'_>) -> Result<ExpressionKind, String> {
    match name {
        "Ref" => Ok(ExpressionKind::Ref(argument.name()?)),
        "Fn::GetAtt" => get_att(argument),
        "Fn::If" => {
            let [condition, then, otherwise] =
                arguments(argument, "a condition and two values", |at| Ok(at.clone()))?;
            Ok(ExpressionKind::If {
                condition: condition.name()?,
                then: one(&then)?,
                otherwise: one(&otherwise)?,
            })
        }
        "Fn::Join" => {
            check_delimiter(argument, true)?;
            Ok(ExpressionKind::Join(several(argument, "a delimiter and a list")?))
        }
        "Fn::Select" => Ok(ExpressionKind::Select(several(argument, "an index and a list")?)),
        "Fn::Split" => {
            check_delimiter(argument, false)?;
            Ok(ExpressionKind::Split(several(argument, "a delimiter and a string")?))
        }
        "Fn::GetAZs" => Ok(ExpressionKind::GetAzs(one(argument)?)),
        "Fn::Cidr" => {
            let what = "a block, how many parts of it, and bits for hosts";
            Ok(ExpressionKind::Cidr(several(argument, what)?))
        }
        "Fn::FindInMap" => find_in_map(argument),
        "Fn::ImportValue" => Ok(ExpressionKind::ImportValue(one(argument)?)),
        "Fn::Sub" => sub::read(argument),
        "Fn::And" | "Fn::Equals" | "Fn::Not" | "Fn::Or" | "Condition" => {
            Err(argument.error(format!("{name} can be used in the Conditions section only")))
        }
        _ if EXTENSIONS.contains(&name) => Err(argument.error(format!(
            "{name} needs the transform AWS::LanguageExtensions, which is not supported here"
        ))),
        _ => Err(argument.error(format!(
            "{name} is not supported here; supported are Ref, Fn::GetAtt, Fn::If, Fn::Join, Fn::Select, Fn::Split, Fn::Sub, Fn::FindInMap, Fn::ImportValue, Fn::GetAZs and Fn::Cidr"
        ))),
    }
}

fn one(at: &At<'_>) -> Result<Box<Expression>, String> {
    Expression::read(at).map(Box::new)
}

fn several<const N: usize>(list: &At<'_>, what: &str) -> Result<Box<[Expression; N]>, String> {
    arguments(list, what, Expression::read).map(Box::new)
}

/// The first argument must be a text without functions.
fn check_delimiter(list: &At<'_>, may_be_empty: bool) -> Result<(), String> {
    match list.items().unwrap_or_default().first() {
        Some(delimiter) if delimiter.text()?.is_empty() && !may_be_empty => {
            Err(delimiter.error("a delimiter cannot be empty"))
        }
        _ => Ok(()),
    }
}

fn find_in_map(argument: &At<'_>) -> Result<ExpressionKind, String> {
    if argument.items().is_ok_and(|items| items.len() == 4) {
        return Err(argument.error(
            "a DefaultValue of Fn::FindInMap needs the transform AWS::LanguageExtensions, which is not supported here",
        ));
    }
    let key = |key: &At<'_>| {
        let read = Expression::read(key)?;
        match read.kind {
            ExpressionKind::Literal(_) | ExpressionKind::Ref(_) | ExpressionKind::FindInMap(_) => {
                Ok(read)
            }
            _ => Err(key.error("Fn::FindInMap takes strings, Ref and Fn::FindInMap")),
        }
    };
    let keys = arguments(argument, "the name of a mapping and two keys", key)?;
    Ok(ExpressionKind::FindInMap(Box::new(keys)))
}

fn get_att(argument: &At<'_>) -> Result<ExpressionKind, String> {
    let wrong = || argument.error("Fn::GetAtt takes Resource.Attribute, or a list of the two");
    let [resource, attribute] = match argument.data() {
        Data::Text(text) => {
            text.split_once('.').map(|(a, b)| [a.to_owned(), b.to_owned()]).ok_or_else(wrong)?
        }
        _ => arguments(argument, "a resource and an attribute", At::name)?,
    };
    if resource.is_empty() || attribute.is_empty() {
        return Err(wrong());
    }
    Ok(ExpressionKind::GetAtt { resource, attribute })
}
