//! A template together with its parameter values: what is to be there, and in which order it is made.

mod checks;
mod validate;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::functions::{Exports, ResourceLookup, Scope, StackIdentity, text};
use super::kinds::{Maker, Type};
use super::order::{self, Needs};
use super::parameters;
use super::provider::{Properties, Provider};
use super::stacks::{Definition, Stack, StackOutput};
use super::template::{Expression, Policies, Template, TemplateResource};

pub(crate) use validate::validate;

/// What a stack is to be. All types are known, all attributes exist, and nothing needs itself.
#[derive(Debug)]
pub(crate) struct Blueprint {
    template: Template,
    scope: Scope,
    tags: Vec<(String, String)>,
    /// Names of the resources, each after what it needs.
    pub(crate) order: Vec<String>,
    pub(crate) needs: Needs,
}

impl Blueprint {
    /// Works out what a definition comes to.
    ///
    /// # Errors
    /// A sentence in CloudFormation's words: the template cannot be read, a resource type is not known or has no such
    /// attribute, a resource is needed whose condition does not hold, resources need each other in a circle.
    pub(crate) fn new(
        definition: &Definition,
        stack: &Stack,
        exports: Exports,
    ) -> Result<Self, String> {
        let stack = StackIdentity {
            id: stack.id.clone(),
            name: stack.name.clone(),
            region: stack.region.clone(),
        };
        let template = Template::parse(&definition.template)?;
        let values = parameters::typed(&template, &definition.parameters);
        let scope = Scope::new(&template, stack, values, exports)?;
        checks::types(&template)?;
        checks::attributes(&template)?;
        checks::absent(&template, &scope)?;
        let needs = order::needs(&template, &scope);
        let present = order::present(&template, &scope).into_iter();
        let order = order::sort(present.map(TemplateResource::name_and_kind), &needs)?;
        Ok(Self { template, scope, tags: definition.tags.clone(), order, needs })
    }

    /// What is known of a template before its parameters have values; without an order.
    fn undecided(template: &Template) -> Result<Self, String> {
        checks::types(template)?;
        checks::attributes(template)?;
        Ok(Self {
            template: template.clone(),
            scope: Scope::undecided(template),
            tags: Vec::new(),
            order: Vec::new(),
            needs: Needs::new(),
        })
    }

    /// The names of the exports of other stacks that are taken over.
    ///
    /// # Errors
    /// If a name cannot be worked out.
    pub(crate) fn imports(&self) -> Result<BTreeSet<String>, String> {
        let values = checks::present_values(&self.template, &self.scope).into_iter();
        let imports = values.map(|(value, _)| self.scope.imports(value));
        Ok(imports.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// The type of a resource.
    pub(crate) fn kind(&self, logical_id: &str) -> Result<&'static Type, String> {
        Type::find(&self.resource(logical_id)?.kind, logical_id)
    }

    /// The region of the stack.
    pub(crate) fn region(&self) -> &str {
        self.scope.region()
    }

    /// The policies of a resource.
    pub(crate) fn policies(&self, logical_id: &str) -> Policies {
        self.template.resource(logical_id).map(|found| found.policies).unwrap_or_default()
    }

    /// The properties that a resource is to have, checked against its type. Tags of the stack are tags of its
    /// resources, as on AWS, unless the resource says otherwise.
    ///
    /// # Errors
    /// What is wrong with them, with the place.
    pub(crate) fn properties(
        &self,
        logical_id: &str,
        lookup: ResourceLookup<'_>,
    ) -> Result<Properties, String> {
        let resource = self.resource(logical_id)?;
        let kind = self.kind(logical_id)?;
        let mut properties = self.scope.map(&resource.properties, lookup)?;
        if kind.properties.iter().any(|property| property.name == "Tags") {
            self.add_tags(&mut properties);
        }
        kind.check(&properties).map_err(|what| placed(&what, resource))
    }

    /// What the provider says against such properties, with the place.
    ///
    /// # Errors
    /// If there is no such resource.
    pub(crate) fn refused(
        &self,
        logical_id: &str,
        properties: &Properties,
        provider: &dyn Provider,
    ) -> Result<Option<String>, String> {
        let resource = self.resource(logical_id)?;
        let Maker::Spaces(maker) = self.kind(logical_id)?.maker else { return Ok(None) };
        let failure = provider.check(maker, properties).err();
        Ok(failure.map(|failure| placed(&failure.reason, resource)))
    }

    /// The outputs whose conditions hold, in the order of the template.
    ///
    /// # Errors
    /// What cannot be worked out, with the place.
    pub(crate) fn outputs(&self, lookup: ResourceLookup<'_>) -> Result<Vec<StackOutput>, String> {
        let mut outputs = Vec::new();
        for output in &self.template.outputs {
            if !self.scope.holds(output.condition.as_ref()) {
                continue;
            }
            let value = |expression: &Expression| {
                let value = self.scope.evaluate(expression, lookup)?;
                value.as_ref().and_then(text).ok_or_else(|| {
                    format!("Template format error: The Value field of every Outputs member must evaluate to a String: [{}]", expression.place)
                })
            };
            outputs.push(StackOutput {
                key: output.key.clone(),
                value: value(&output.value)?,
                description: output.description.clone(),
                export: output.export.as_ref().map(value).transpose()?,
            });
        }
        Ok(outputs)
    }

    fn resource(&self, logical_id: &str) -> Result<&TemplateResource, String> {
        self.template
            .resource(logical_id)
            .ok_or_else(|| format!("the template has no resource {logical_id}"))
    }

    fn add_tags(&self, properties: &mut Properties) {
        if self.tags.is_empty() {
            return;
        }
        let tags = properties.entry("Tags").or_insert_with(|| Value::Array(Vec::new()));
        // What is no list is refused by the check of the type.
        let Some(tags) = tags.as_array_mut() else { return };
        for (key, value) in &self.tags {
            if !tags.iter().any(|tag| tag.get("Key").and_then(text).as_ref() == Some(key)) {
                tags.push(json!({ "Key": key, "Value": value }));
            }
        }
    }
}

fn placed(what: &str, resource: &TemplateResource) -> String {
    format!("{what} [properties of {}]", resource.place)
}
