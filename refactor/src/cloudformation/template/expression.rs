//! Values of a template with the functions in them. Nothing is evaluated here, but every function has the right shape.

use serde_json::Value;

use super::TemplateError;
use super::node::{At, Data, Place};

/// A value that may have to be worked out, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    /// Where it stands, for messages.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What an expression is: a value, or one of the functions that are supported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A scalar that stands for itself.
    Literal(Value),
    /// A list of expressions.
    List(Vec<Expression>),
    /// A map that is no function.
    Map(Vec<(String, Expression)>),
    /// `Ref`: a parameter, a pseudo parameter or the id of a resource.
    Ref(String),
    /// `Fn::GetAtt`.
    GetAtt { resource: String, attribute: String },
    /// `Fn::If`: only the branch that is taken is looked at.
    If { condition: String, then: Box<Expression>, otherwise: Box<Expression> },
    /// `Fn::Join`.
    Join { delimiter: String, list: Box<Expression> },
    /// `Fn::Select`.
    Select { index: Box<Expression>, list: Box<Expression> },
    /// `Fn::GetAZs` of a region; the empty string is the stack's own.
    GetAzs(Box<Expression>),
    /// `Fn::Sub`.
    Sub { pieces: Vec<Piece>, variables: Vec<(String, Expression)> },
}

/// A part of the text of `Fn::Sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stays as it is.
    Text(String),
    /// `${Name}`: a variable of this `Fn::Sub`, or what `Ref` takes.
    Ref(String),
    /// `${Resource.Attribute}`.
    GetAtt { resource: String, attribute: String },
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// For a function that is unknown or not supported, or whose arguments have another shape than it takes.
    pub(crate) fn read(at: &At<'_>) -> Result<Self, TemplateError> {
        let kind = match at.data() {
            Data::List(_) => {
                Kind::List(at.items()?.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Data::Map(_) => {
                let entries = at.entries()?;
                match entries.as_slice() {
                    [(name, argument)] if is_function(name) => function(name, argument)?,
                    entries => match entries.iter().find(|(name, _)| is_function(name)) {
                        Some((name, _)) => {
                            return Err(
                                at.error(format!("{name} must be the only key of its object"))
                            );
                        }
                        None => Kind::Map(
                            entries
                                .iter()
                                .map(|(key, value)| Ok(((*key).to_owned(), Self::read(value)?)))
                                .collect::<Result<_, _>>()?,
                        ),
                    },
                }
            }
            _ => Kind::Literal(at.scalar()?),
        };
        Ok(Self { place: at.place().clone(), kind })
    }

    /// Calls `visit` for this expression and all that is in it, whatever conditions say.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expression)) {
        visit(self);
        match &self.kind {
            Kind::Literal(_) | Kind::Ref(_) | Kind::GetAtt { .. } => {}
            Kind::List(items) => items.iter().for_each(|item| item.walk(visit)),
            Kind::Map(entries) => entries.iter().for_each(|(_, value)| value.walk(visit)),
            Kind::If { then, otherwise, .. } => {
                then.walk(visit);
                otherwise.walk(visit);
            }
            Kind::Join { list, .. } => list.walk(visit),
            Kind::Select { index, list } => {
                index.walk(visit);
                list.walk(visit);
            }
            Kind::GetAzs(region) => region.walk(visit),
            Kind::Sub { variables, .. } => {
                variables.iter().for_each(|(_, value)| value.walk(visit))
            }
        }
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key == "Condition" || key.starts_with("Fn::")
}

fn function(name: &str, argument: &At<'_>) -> Result<Kind, TemplateError> {
    match name {
        "Ref" => Ok(Kind::Ref(argument.name()?)),
        "Fn::GetAtt" => get_att(argument),
        "Fn::If" => {
            let [condition, then, otherwise] = arguments(argument, "a condition and two values")?;
            Ok(Kind::If {
                condition: condition.name()?,
                then: Box::new(Expression::read(&then)?),
                otherwise: Box::new(Expression::read(&otherwise)?),
            })
        }
        "Fn::Join" => {
            let [delimiter, list] = arguments(argument, "a delimiter and a list")?;
            Ok(Kind::Join { delimiter: delimiter.text()?, list: Box::new(Expression::read(&list)?) })
        }
        "Fn::Select" => {
            let [index, list] = arguments(argument, "an index and a list")?;
            Ok(Kind::Select { index: Box::new(Expression::read(&index)?), list: Box::new(Expression::read(&list)?) })
        }
        "Fn::GetAZs" => Ok(Kind::GetAzs(Box::new(Expression::read(argument)?))),
        "Fn::Sub" => sub(argument),
        "Fn::And" | "Fn::Equals" | "Fn::Not" | "Fn::Or" | "Condition" => {
            Err(argument.error(format!("{name} can be used in the Conditions section only")))
        }
        _ => Err(argument.error(format!(
            "{name} is not supported here; supported are Ref, Fn::GetAtt, Fn::If, Fn::Join, Fn::Select, Fn::GetAZs and Fn::Sub"
        ))),
    }
}

/// `N` arguments in a list, or an error that says what they are.
pub(super) fn arguments<'a, const N: usize>(
    list: &At<'a>,
    what: &str,
) -> Result<[At<'a>; N], TemplateError> {
    let wrong = || list.error(format!("takes a list of {N}: {what}"));
    let Ok(items) = list.items() else { return Err(wrong()) };
    let Ok(items) = items.try_into() else { return Err(wrong()) };
    Ok(items)
}

fn get_att(argument: &At<'_>) -> Result<Kind, TemplateError> {
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
    Ok(Kind::GetAtt { resource, attribute })
}

fn sub(argument: &At<'_>) -> Result<Kind, TemplateError> {
    let (text, variables) = match argument.data() {
        Data::List(_) => {
            let [text, variables] = arguments(argument, "a text and a map of variables")?;
            let variables = variables
                .entries()?
                .iter()
                .map(|(name, value)| Ok(((*name).to_owned(), Expression::read(value)?)))
                .collect::<Result<Vec<_>, _>>()?;
            (text.text()?, variables)
        }
        _ => (argument.text()?, Vec::new()),
    };
    let pieces = pieces(&text, &variables).map_err(|what| argument.error(what))?;
    Ok(Kind::Sub { pieces, variables })
}

/// Splits the text of `Fn::Sub`. `${!Literal}` stays `${Literal}`.
fn pieces(text: &str, variables: &[(String, Expression)]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("Fn::Sub: a ${ without its }")?;
        pieces.push(Piece::Text(before.to_owned()));
        let name = name.trim();
        pieces.push(match (name.strip_prefix('!'), name.split_once('.')) {
            (Some(literal), _) => Piece::Text(format!("${{{literal}}}")),
            _ if name.is_empty() => return Err("Fn::Sub: ${} names nothing".to_owned()),
            (None, Some((resource, attribute)))
                if !variables.iter().any(|(known, _)| known == name) =>
            {
                Piece::GetAtt { resource: resource.to_owned(), attribute: attribute.to_owned() }
            }
            _ => Piece::Ref(name.to_owned()),
        });
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    Ok(pieces)
}
