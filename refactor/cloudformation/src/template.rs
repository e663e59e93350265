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
pub(crate) use expression::{Expression, ExpressionKind, Piece};
pub(crate) use mapping::Mappings;
pub(crate) use parameter::Parameter;
pub(crate) use parameter_kind::Form;
pub(crate) use policy::{Policies, Policy};
pub(crate) use section::{Output, Resource};

#[cfg(test)]
mod tests;

/// Bytes that a template may have, as on AWS.
pub(crate) const BODY_LIMIT: usize = 51_200;

/// What is wrong with a template: a whole sentence that names the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateError(pub(crate) String);

/// A template whose shape and names are checked. All sections keep the order of the text.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) mappings: Mappings,
    pub(crate) conditions: Vec<(String, Condition)>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) outputs: Vec<Output>,
}

impl Template {
    /// Reads a template: JSON if it begins with a brace, else YAML.
    ///
    /// # Errors
    /// The first thing that is wrong, in CloudFormation's words if these are known, with the place.
    pub(crate) fn parse(body: &str) -> Result<Self, TemplateError> {
        if body.len() > BODY_LIMIT {
            return Err(TemplateError(format!(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {BODY_LIMIT}"
            )));
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

    /// The resource of that name.
    pub(crate) fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    /// What is worked out for resources and outputs.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Expression> {
        let resources = self.resources.iter().flat_map(|resource| &resource.properties);
        let outputs = self.outputs.iter();
        resources
            .map(|(_, value)| value)
            .chain(outputs.flat_map(|output| std::iter::once(&output.value).chain(&output.export)))
    }

    /// The parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
