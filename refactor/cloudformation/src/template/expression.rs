//! Values of a template with the functions in them. Nothing is evaluated here, but every function has the right shape.

use serde_json::Value;

use super::node::NodePath;

/// A value that may have to be worked out, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    /// Its place, for messages.
    pub(crate) place: NodePath,
    /// What it is.
    pub(crate) kind: ExpressionKind,
}

/// What an expression is: a value, or one of the functions that are supported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExpressionKind {
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
    /// `Fn::Join`: a delimiter and a list.
    Join(Box<[Expression; 2]>),
    /// `Fn::Select`: an index and a list.
    Select(Box<[Expression; 2]>),
    /// `Fn::Split`: a delimiter and a text.
    Split(Box<[Expression; 2]>),
    /// `Fn::GetAZs` of a region; the empty string is the stack's own.
    GetAzs(Box<Expression>),
    /// `Fn::Cidr`: a block, how many parts of it, and how many bits each has for its hosts.
    Cidr(Box<[Expression; 3]>),
    /// `Fn::FindInMap`: a mapping, and two keys.
    FindInMap(Box<[Expression; 3]>),
    /// `Fn::ImportValue`: the name of an export of another stack.
    ImportValue(Box<Expression>),
    /// `Fn::Sub`.
    Sub { pieces: Vec<SubPiece>, variables: Vec<(String, Expression)> },
}

/// A part of the text of `Fn::Sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubPiece {
    /// Stays as it is.
    Text(String),
    /// `${Name}`: a variable of this `Fn::Sub`, or what `Ref` takes.
    Ref(String),
    /// `${Resource.Attribute}`.
    GetAtt { resource: String, attribute: String },
}

impl Expression {
    /// This expression and all that is in it, whatever conditions say.
    pub(crate) fn all(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.children().into_iter().flat_map(Self::all)).collect()
    }

    /// The names that this expression itself takes, as `Ref` or `Fn::GetAtt`: each with its attribute.
    pub(crate) fn references(&self) -> Vec<(&str, Option<&str>)> {
        match &self.kind {
            ExpressionKind::Ref(name) => vec![(name, None)],
            ExpressionKind::GetAtt { resource, attribute } => vec![(resource, Some(attribute))],
            ExpressionKind::Sub { pieces, variables } => {
                let pieces = pieces.iter().filter_map(|piece| match piece {
                    SubPiece::Text(_) => None,
                    SubPiece::Ref(name) if variables.iter().any(|(known, _)| known == name) => None,
                    SubPiece::Ref(name) => Some((name.as_str(), None)),
                    SubPiece::GetAtt { resource, attribute } => {
                        Some((resource.as_str(), Some(attribute.as_str())))
                    }
                });
                pieces.collect()
            }
            _ => Vec::new(),
        }
    }

    /// The expressions in this one, in the order in which they are written.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Literal(_) | ExpressionKind::Ref(_) | ExpressionKind::GetAtt { .. } => {
                Vec::new()
            }
            ExpressionKind::List(items) => items.iter().collect(),
            ExpressionKind::Map(entries) | ExpressionKind::Sub { variables: entries, .. } => {
                entries.iter().map(|(_, value)| value).collect()
            }
            ExpressionKind::If { then, otherwise, .. } => vec![then, otherwise],
            ExpressionKind::GetAzs(only) | ExpressionKind::ImportValue(only) => vec![only],
            ExpressionKind::Join(two)
            | ExpressionKind::Select(two)
            | ExpressionKind::Split(two) => two.iter().collect(),
            ExpressionKind::Cidr(three) | ExpressionKind::FindInMap(three) => {
                three.iter().collect()
            }
        }
    }
}
