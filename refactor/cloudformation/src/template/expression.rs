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
    /// `Fn::Join`.
    Join { delimiter: String, list: Box<Expression> },
    /// `Fn::Select`.
    Select { index: Box<Expression>, list: Box<Expression> },
    /// `Fn::Split`.
    Split { delimiter: String, text: Box<Expression> },
    /// `Fn::GetAZs` of a region; the empty string is the stack's own.
    GetAzs(Box<Expression>),
    /// `Fn::Cidr`: a block, how many parts of it, and how many bits each has for its hosts.
    Cidr([Box<Expression>; 3]),
    /// `Fn::FindInMap`: a mapping, and two keys.
    FindInMap([Box<Expression>; 3]),
    /// `Fn::ImportValue`: the name of an export of another stack.
    ImportValue(Box<Expression>),
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
    /// Calls `visit` for this expression and all that is in it, whatever conditions say.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expression)) {
        visit(self);
        self.children().into_iter().for_each(|child| child.walk(visit));
    }

    /// The expressions in this one, in the order in which they are written.
    pub(crate) fn children(&self) -> Vec<&Expression> {
        match &self.kind {
            ExpressionKind::Literal(_) | ExpressionKind::Ref(_) | ExpressionKind::GetAtt { .. } => {
                Vec::new()
            }
            ExpressionKind::List(items) => items.iter().collect(),
            ExpressionKind::Map(entries) | ExpressionKind::Sub { variables: entries, .. } => {
                entries.iter().map(|(_, value)| value).collect()
            }
            ExpressionKind::If { then, otherwise, .. } => vec![then, otherwise],
            ExpressionKind::Join { list: only, .. }
            | ExpressionKind::Split { text: only, .. }
            | ExpressionKind::GetAzs(only)
            | ExpressionKind::ImportValue(only) => vec![only],
            ExpressionKind::Select { index, list } => vec![index, list],
            ExpressionKind::Cidr(three) | ExpressionKind::FindInMap(three) => {
                three.iter().map(Box::as_ref).collect()
            }
        }
    }
}
