//! The Conditions section.

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
    pub(super) fn read(at: &At<'_>) -> Result<Self, String> {
        let wrong =
            || at.error("a condition is one of Fn::Equals, Fn::Not, Fn::And, Fn::Or and Condition");
        let Ok(entries) = at.entries() else { return Err(wrong()) };
        let [(name, argument)] = entries.as_slice() else { return Err(wrong()) };
        match *name {
            "Fn::Equals" => {
                let [left, right] = arguments(argument, "the values to compare", Expression::read)?;
                Ok(Self::Equals(left, right))
            }
            "Fn::Not" => {
                let [condition] = arguments(argument, "a condition", Self::read)?;
                Ok(Self::Not(Box::new(condition)))
            }
            "Fn::And" => Ok(Self::And(several(argument)?)),
            "Fn::Or" => Ok(Self::Or(several(argument)?)),
            "Condition" => Ok(Self::Named(argument.name()?)),
            _ => Err(wrong()),
        }
    }

    /// This condition and all that are in it.
    pub(super) fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        match self {
            Self::Not(inner) => all.extend(inner.all()),
            Self::And(inner) | Self::Or(inner) => all.extend(inner.iter().flat_map(Self::all)),
            Self::Equals(..) | Self::Named(_) => {}
        }
        all
    }
}

fn several(list: &At<'_>) -> Result<Vec<Condition>, String> {
    let items = list.items()?;
    if !(2..=10).contains(&items.len()) {
        return Err(list.error("takes 2 to 10 conditions"));
    }
    items.iter().map(Condition::read).collect()
}
