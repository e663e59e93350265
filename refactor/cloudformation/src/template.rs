//! Templates: text in YAML or JSON becomes a [`Template`], in which everything has the right shape and every name that
//! is used exists. What depends on parameter values is left to `functions.rs`.

mod arguments;
mod condition;
mod expression;
mod function;
mod json;
mod mapping;
mod node;
mod parameter;
mod parameter_kind;
mod policy;
mod references;
mod scalar;
mod section;
mod sub;
mod yaml;

pub(crate) use condition::Condition;
pub(crate) use expression::{Expression, ExpressionKind, SubPiece};
pub(crate) use mapping::Mappings;
pub(crate) use parameter::Parameter;
pub(crate) use parameter_kind::ParameterForm;
pub(crate) use policy::{Policies, Policy};
pub(crate) use section::{Output, Template, TemplateResource};

#[cfg(test)]
mod tests;

/// Bytes that a template may have, as on AWS.
const BODY_LIMIT: usize = 51_200;

impl Template {
    /// Reads a template: JSON if it begins with a brace, else YAML.
    ///
    /// # Errors
    /// The first thing that is wrong, in CloudFormation's words if these are known, with the place.
    pub(crate) fn parse(body: &str) -> Result<Self, String> {
        if body.len() > BODY_LIMIT {
            return Err(format!(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {BODY_LIMIT}"
            ));
        }
        // Some editors put a byte order mark at the start.
        let body = body.strip_prefix('\u{feff}').unwrap_or(body);
        let root = if body.trim_start().starts_with('{') {
            json::parse(body)?
        } else {
            yaml::parse(body)?
        };
        node::At::root(&root).check_size()?;
        let template = section::read(&root)?;
        references::check(&template)?;
        Ok(template)
    }
}
