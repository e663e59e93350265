//! A template together with its parameter values: what is to be there, and in which order it is made.

use serde_json::{Value, json};

use super::functions::{Lookup, Scope, StackIdentity, text};
use super::kinds::{Maker, Type};
use super::order::{self, Needs};
use super::parameters;
use super::provider::Properties;
use super::stacks::{Definition, StackOutput};
use super::template::{Expression, Kind, Piece, Policies, Resource, Template};

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
    pub(crate) fn new(definition: &Definition, stack: StackIdentity) -> Result<Self, String> {
        let template = Template::parse(&definition.template).map_err(|err| err.0)?;
        let values = parameters::typed(&template, &definition.parameters);
        let scope = Scope::new(&template, stack, values).map_err(|err| err.0)?;
        for resource in &template.resources {
            Type::find(&resource.kind, &resource.logical_id)?;
        }
        attributes(&template)?;
        absent(&template, &scope)?;
        let needs = order::needs(&template, &scope);
        let names = order::present(&template, &scope)
            .into_iter()
            .map(|resource| {
                Ok((
                    resource.logical_id.clone(),
                    Type::find(&resource.kind, &resource.logical_id)?.maker,
                ))
            })
            .collect::<Result<Vec<(String, Maker)>, String>>()?;
        let order = order::sort(&names, &needs).map_err(|circle| circle.to_string())?;
        Ok(Self { template, scope, tags: definition.tags.clone(), order, needs })
    }

    /// The type of a resource.
    pub(crate) fn kind(&self, logical_id: &str) -> Result<&'static Type, String> {
        Type::find(&self.resource(logical_id)?.kind, logical_id)
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
        lookup: Lookup<'_>,
    ) -> Result<Properties, String> {
        let resource = self.resource(logical_id)?;
        let kind = self.kind(logical_id)?;
        let mut properties = self.scope.map(&resource.properties, lookup).map_err(|err| err.0)?;
        if kind.properties.iter().any(|property| property.name == "Tags") {
            self.add_tags(&mut properties);
        }
        kind.check(&properties).map_err(|what| format!("{what} [properties of {}]", resource.place))
    }

    /// The outputs whose conditions hold, in the order of the template.
    ///
    /// # Errors
    /// What cannot be worked out, with the place.
    pub(crate) fn outputs(&self, lookup: Lookup<'_>) -> Result<Vec<StackOutput>, String> {
        let mut outputs = Vec::new();
        for output in self
            .template
            .outputs
            .iter()
            .filter(|output| self.scope.holds(output.condition.as_ref()))
        {
            let value = |expression: &Expression| {
                let value = self.scope.evaluate(expression, lookup).map_err(|err| err.0)?;
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

    fn resource(&self, logical_id: &str) -> Result<&Resource, String> {
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

/// `Fn::GetAtt` may ask only for what the type gives.
fn attributes(template: &Template) -> Result<(), String> {
    let mut wrong = None;
    let mut check = |resource: &str, attribute: &str, expression: &Expression| {
        let kind =
            template.resource(resource).and_then(|found| Type::find(&found.kind, resource).ok());
        if let Some(kind) = kind
            && !kind.attributes.contains(&attribute)
        {
            wrong.get_or_insert(format!(
                "Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt [{}]; {} has {}",
                expression.place,
                kind.name,
                kind.attributes.join(", ")
            ));
        }
    };
    let resources = template
        .resources
        .iter()
        .flat_map(|resource| resource.properties.iter().map(|(_, value)| value));
    let outputs = template
        .outputs
        .iter()
        .flat_map(|output| std::iter::once(&output.value).chain(&output.export));
    for expression in resources.chain(outputs) {
        expression.walk(&mut |expression| match &expression.kind {
            Kind::GetAtt { resource, attribute } => check(resource, attribute, expression),
            Kind::Sub { pieces, .. } => {
                for piece in pieces {
                    if let Piece::GetAtt { resource, attribute } = piece {
                        check(resource, attribute, expression);
                    }
                }
            }
            _ => {}
        });
    }
    wrong.map_or(Ok(()), Err)
}

/// A branch that is taken may not need a resource whose condition does not hold.
fn absent(template: &Template, scope: &Scope) -> Result<(), String> {
    let gone = |name: &str| {
        template.resource(name).is_some_and(|found| !scope.holds(found.condition.as_ref()))
    };
    let mut missing: Vec<(String, &str)> = Vec::new();
    let mut collect = |expression: &Expression, section| {
        scope.dependencies(expression, &mut |name| {
            if gone(name) {
                missing.push((name.to_owned(), section));
            }
        });
    };
    for resource in order::present(template, scope) {
        resource.properties.iter().for_each(|(_, value)| collect(value, "Resources"));
    }
    for output in template.outputs.iter().filter(|output| scope.holds(output.condition.as_ref())) {
        collect(&output.value, "Outputs");
        output.export.iter().for_each(|export| collect(export, "Outputs"));
    }
    match missing.first() {
        Some((name, section)) => Err(format!(
            "Template format error: Unresolved resource dependencies [{name}] in the {section} block of the template: its condition does not hold"
        )),
        None => Ok(()),
    }
}
