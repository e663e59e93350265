//! The Conditions section.

use super::TemplateError;
use super::arguments::arguments;
use super::expression::Expression;
use super::node::At;

/// A condition as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// `Fn::Equals`: both sides are the same value.
    Equals(Expression, Expression),
    /// `Fn::Not`.
    Not(Box<Condition>),
    /// `Fn::And` of 2 to 10.
    And(Vec<Condition>),
    /// `Fn::Or` of 2 to 10.
    Or(Vec<Condition>),
    /// `Condition`: another condition by its name.
    Named(String),
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// For anything that is no condition function, or whose arguments have another shape than it takes.
    pub(super) fn read(at: &At<'_>) -> Result<Self, TemplateError> {
        let wrong =
            || at.error("a condition is one of Fn::Equals, Fn::Not, Fn::And, Fn::Or and Condition");
        let Ok(entries) = at.entries() else { return Err(wrong()) };
        let [(name, argument)] = entries.as_slice() else { return Err(wrong()) };
        match *name {
            "Fn::Equals" => {
                let [left, right] = arguments(argument, "the values to compare")?;
                Ok(Self::Equals(Expression::read(&left)?, Expression::read(&right)?))
            }
            "Fn::Not" => {
                let [condition] = arguments(argument, "a condition")?;
                Ok(Self::Not(Box::new(Self::read(&condition)?)))
            }
            "Fn::And" => Ok(Self::And(several(argument)?)),
            "Fn::Or" => Ok(Self::Or(several(argument)?)),
            "Condition" => Ok(Self::Named(argument.name()?)),
            _ => Err(wrong()),
        }
    }

    /// Calls `visit` for the names of the conditions that this one uses.
    pub(super) fn names<'a>(&'a self, visit: &mut impl FnMut(&'a str)) {
        match self {
            Self::Named(name) => visit(name),
            Self::Not(inner) => inner.names(visit),
            Self::And(inner) | Self::Or(inner) => inner.iter().for_each(|inner| inner.names(visit)),
            Self::Equals(..) => {}
        }
    }

    /// Calls `visit` for the expressions that this condition compares.
    pub(super) fn expressions<'a>(&'a self, visit: &mut impl FnMut(&'a Expression)) {
        match self {
            Self::Named(_) => {}
            Self::Not(inner) => inner.expressions(visit),
            Self::And(inner) | Self::Or(inner) => {
                inner.iter().for_each(|inner| inner.expressions(visit))
            }
            Self::Equals(left, right) => {
                visit(left);
                visit(right);
            }
        }
    }
}

fn several(list: &At<'_>) -> Result<Vec<Condition>, TemplateError> {
    let items = list.items()?;
    if !(2..=10).contains(&items.len()) {
        return Err(list.error("takes 2 to 10 conditions"));
    }
    items.iter().map(Condition::read).collect()
}
