//! Decides conditions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::scope::{Exports, Scope, StackIdentity};
use super::value::text;
use crate::template::{Condition, Template};

impl Scope {
    /// Decides the conditions of the template.
    ///
    /// # Errors
    /// If a condition compares a value that cannot be evaluated.
    pub(crate) fn new(
        template: &Template,
        stack: StackIdentity,
        parameters: BTreeMap<String, Value>,
        exports: Exports,
    ) -> Result<Self, String> {
        let mappings = template.mappings.clone();
        let exports = Some(exports);
        let mut scope = Self { stack, parameters, mappings, exports, conditions: BTreeMap::new() };
        for (name, _) in &template.conditions {
            scope.decide_named(template, name)?;
        }
        Ok(scope)
    }

    /// Decides a condition once, however many others use it.
    fn decide_named(&mut self, template: &Template, name: &str) -> Result<bool, String> {
        if let Some(holds) = self.conditions.get(name) {
            return Ok(*holds);
        }
        let condition = template.condition(name);
        let unknown = || format!("Template error: unresolved condition dependency {name}");
        let holds = self.decide(template, condition.ok_or_else(unknown)?)?;
        self.conditions.insert(name.to_owned(), holds);
        Ok(holds)
    }

    fn decide(&mut self, template: &Template, condition: &Condition) -> Result<bool, String> {
        match condition {
            Condition::Equals(left, right) => {
                // `template/references.rs` has refused resources in conditions.
                let [left, right] = [self.constant(left)?, self.constant(right)?];
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
            Condition::Named(name) => self.decide_named(template, name),
        }
    }
}
