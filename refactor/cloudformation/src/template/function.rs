//! The functions of templates: their names, and the shape of what each takes.

use super::TemplateError;
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
    pub(crate) fn read(at: &At<'_>) -> Result<Self, TemplateError> {
        let kind = match at.data() {
            Data::List(_) => {
                ExpressionKind::List(at.items()?.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Data::Map(_) => {
                let entries = at.entries()?;
                match entries.as_slice() {
                    [(name, argument)] if is_function(name) => read(name, argument)?,
                    entries => match entries.iter().find(|(name, _)| is_function(name)) {
                        Some((name, _)) => {
                            return Err(
                                at.error(format!("{name} must be the only key of its object"))
                            );
                        }
                        None => ExpressionKind::Map(
                            entries
                                .iter()
                                .map(|(key, value)| Ok(((*key).to_owned(), Self::read(value)?)))
                                .collect::<Result<_, _>>()?,
                        ),
                    },
                }
            }
            _ => ExpressionKind::Literal(at.scalar()?),
        };
        Ok(Self { place: at.place().clone(), kind })
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key == "Condition" || key.starts_with("Fn::")
}

/// Reads a function with what it is given.
///
/// # Errors
/// For a function that is unknown or not supported, or whose arguments have another shape than it takes.
fn read(name: &str, argument: &At<'_>) -> Result<ExpressionKind, TemplateError> {
    match name {
        "Ref" => Ok(ExpressionKind::Ref(argument.name()?)),
        "Fn::GetAtt" => get_att(argument),
        "Fn::If" => {
            let [condition, then, otherwise] = arguments(argument, "a condition and two values")?;
            Ok(ExpressionKind::If {
                condition: condition.name()?,
                then: inner(&then)?,
                otherwise: inner(&otherwise)?,
            })
        }
        "Fn::Join" => {
            let [delimiter, list] = arguments(argument, "a delimiter and a list")?;
            Ok(ExpressionKind::Join { delimiter: delimiter.text()?, list: inner(&list)? })
        }
        "Fn::Select" => {
            let [index, list] = arguments(argument, "an index and a list")?;
            Ok(ExpressionKind::Select { index: inner(&index)?, list: inner(&list)? })
        }
        "Fn::Split" => {
            let [delimiter, text] = arguments(argument, "a delimiter and a string")?;
            match delimiter.text()? {
                empty if empty.is_empty() => Err(delimiter.error("a delimiter cannot be empty")),
                delimiter => Ok(ExpressionKind::Split { delimiter, text: inner(&text)? }),
            }
        }
        "Fn::GetAZs" => Ok(ExpressionKind::GetAzs(inner(argument)?)),
        "Fn::Cidr" => {
            let [block, count, bits] =
                arguments(argument, "a block, how many parts of it, and bits for hosts")?;
            Ok(ExpressionKind::Cidr([inner(&block)?, inner(&count)?, inner(&bits)?]))
        }
        "Fn::FindInMap" => find_in_map(argument),
        "Fn::ImportValue" => Ok(ExpressionKind::ImportValue(inner(argument)?)),
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

fn inner(at: &At<'_>) -> Result<Box<Expression>, TemplateError> {
    Expression::read(at).map(Box::new)
}

fn find_in_map(argument: &At<'_>) -> Result<ExpressionKind, TemplateError> {
    if argument.items().is_ok_and(|items| items.len() == 4) {
        return Err(argument.error(
            "a DefaultValue of Fn::FindInMap needs the transform AWS::LanguageExtensions, which is not supported here",
        ));
    }
    let keys: [At<'_>; 3] = arguments(argument, "the name of a mapping and two keys")?;
    for key in &keys {
        if !matches!(
            Expression::read(key)?.kind,
            ExpressionKind::Literal(_) | ExpressionKind::Ref(_) | ExpressionKind::FindInMap(_)
        ) {
            return Err(key.error("Fn::FindInMap takes strings, Ref and Fn::FindInMap"));
        }
    }
    let [map, top, second] = keys;
    Ok(ExpressionKind::FindInMap([inner(&map)?, inner(&top)?, inner(&second)?]))
}

fn get_att(argument: &At<'_>) -> Result<ExpressionKind, TemplateError> {
    let wrong = || argument.error("Fn::GetAtt takes Resource.Attribute, or a list of the two");
    let (resource, attribute) = match argument.data() {
        Data::Text(text) => {
            text.split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).ok_or_else(wrong)?
        }
        _ => {
            let [resource, attribute] = arguments(argument, "a resource and an attribute")?;
            (resource.name()?, attribute.name()?)
        }
    };
    if resource.is_empty() || attribute.is_empty() {
        return Err(wrong());
    }
    Ok(ExpressionKind::GetAtt { resource, attribute })
}
