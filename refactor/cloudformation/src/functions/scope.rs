//! What values depend on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::value::{KNOWN_AFTER_APPLY, unknown};
use crate::id::ACCOUNT;
use crate::template::{Expression, ExpressionKind, Mappings, Template};

/// Gives the id of a resource (`Ref`), or with a name one of its attributes (`Fn::GetAtt`).
pub(crate) type ResourceLookup<'a> = &'a dyn Fn(&str, Option<&str>) -> Result<String, String>;

/// The values that other stacks of the region export, by name.
pub(crate) type Exports = BTreeMap<String, String>;

/// The stack that values are worked out for.
#[derive(Clone, Debug)]
pub(crate) struct StackIdentity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
}

/// What values depend on, without resources.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(super) stack: StackIdentity,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) mappings: Mappings,
    /// `None` as long as they are not known.
    pub(super) exports: Option<Exports>,
    /// One that is not here is not decided.
    pub(super) conditions: BTreeMap<String, bool>,
}

impl Scope {
    /// The scope of a template whose parameters have no values yet: nothing that depends on them is known.
    pub(crate) fn undecided(template: &Template) -> Self {
        let parameters = template.parameters.iter().map(|parameter| {
            let is_list = parameter.kind.is_list;
            let value = if is_list { Value::Array(vec![unknown()]) } else { unknown() };
            (parameter.name.clone(), value)
        });
        let [id, name, region] = [KNOWN_AFTER_APPLY; 3].map(str::to_owned);
        Self {
            stack: StackIdentity { id, name, region },
            parameters: parameters.collect(),
            mappings: template.mappings.clone(),
            exports: None,
            conditions: BTreeMap::new(),
        }
    }

    /// The region of the stack.
    pub(crate) fn region(&self) -> &str {
        &self.stack.region
    }

    /// Whether what has this condition is there. As long as that is not decided, it counts as there.
    pub(crate) fn holds(&self, condition: Option<&String>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(true))
    }

    /// The names of the resources that this value needs, and of parameters.
    pub(crate) fn dependencies<'a>(&self, expression: &'a Expression) -> Vec<&'a str> {
        let taken = self.taken(expression).into_iter();
        taken.flat_map(|inner| inner.references()).map(|(name, _)| name).collect()
    }

    /// This expression and all that is in it, in the branches that are taken.
    pub(super) fn taken<'a>(&self, expression: &'a Expression) -> Vec<&'a Expression> {
        let inner = match &expression.kind {
            ExpressionKind::If { condition, then, otherwise } => {
                match self.conditions.get(condition) {
                    Some(true) => vec![&**then],
                    Some(false) => vec![&**otherwise],
                    None => expression.children(),
                }
            }
            _ => expression.children(),
        };
        let inner = inner.into_iter().flat_map(|inner| self.taken(inner));
        std::iter::once(expression).chain(inner).collect()
    }

    /// What `Ref` gives.
    pub(super) fn reference(
        &self,
        name: &str,
        lookup: ResourceLookup<'_>,
    ) -> Result<Value, String> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        Ok(Value::String(match name {
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::NotificationARNs" => return Ok(Value::Array(Vec::new())),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::Region" => self.stack.region.clone(),
            "AWS::StackId" => self.stack.id.clone(),
            "AWS::StackName" => self.stack.name.clone(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            resource => lookup(resource, None)?,
        }))
    }
}
