//! The sections of a template.

use super::condition::Condition;
use super::expression::Expression;
use super::mapping::{self, Mappings};
use super::node::{At, Data, NodePath, TemplateNode};
use super::parameter::Parameter;
use super::policy::{Policies, Policy};

/// A template whose shape and names are checked. All sections keep the order of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template {
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) mappings: Mappings,
    pub(crate) conditions: Vec<(String, Condition)>,
    pub(crate) resources: Vec<TemplateResource>,
    pub(crate) outputs: Vec<Output>,
}

impl Template {
    /// The resource of that name.
    pub(crate) fn resource(&self, logical_id: &str) -> Option<&TemplateResource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    /// The parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The condition of that name.
    pub(crate) fn condition(&self, name: &str) -> Option<&Condition> {
        self.conditions.iter().find(|(known, _)| known == name).map(|(_, condition)| condition)
    }

    /// What is worked out for resources and outputs.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Expression> {
        let resources = self.resources.iter().flat_map(TemplateResource::values);
        resources.chain(self.outputs.iter().flat_map(Output::values))
    }
}

impl TemplateResource {
    /// Its name, and that of its type.
    pub(crate) fn name_and_kind(&self) -> (&str, &str) {
        (&self.logical_id, &self.kind)
    }

    /// The values of its properties.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Expression> {
        self.properties.iter().map(|(_, value)| value)
    }
}

impl Output {
    /// Its value, and the name under which it is exported.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Expression> {
        std::iter::once(&self.value).chain(&self.export)
    }
}

/// A declared resource.
#[derive(Clone, Debug)]
pub(crate) struct TemplateResource {
    pub(crate) logical_id: String,
    /// `AWS::RefactorSpaces::Route` and the like; whether we know it is decided in `kinds.rs`.
    pub(crate) kind: String,
    /// Made only if this condition holds.
    pub(crate) condition: Option<String>,
    pub(crate) depends_on: Vec<String>,
    pub(crate) policies: Policies,
    pub(crate) properties: Vec<(String, Expression)>,
    pub(crate) place: NodePath,
}

/// A declared output.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) key: String,
    pub(crate) description: Option<String>,
    /// Given only if this condition holds.
    pub(crate) condition: Option<String>,
    pub(crate) value: Expression,
    /// The name under which the value is exported.
    pub(crate) export: Option<Expression>,
}

/// Reads all sections.
pub(super) fn read(root: &TemplateNode) -> Result<Template, String> {
    let root = At::root(root);
    let mut template = Template::default();
    if !matches!(root.data(), Data::Map(_)) {
        return Err("Template format error: unsupported structure.".to_owned());
    }
    for (name, at) in root.entries()? {
        match name {
            // The only version there is; a YAML reader may see a date in it, so it is not compared.
            "AWSTemplateFormatVersion" => template.version = Some(at.text()?),
            "Description" => template.description = Some(at.text()?),
            "Metadata" => {}
            "Parameters" => template.parameters = named(&at, Parameter::read)?,
            "Mappings" => {
                let mappings = named(&at, |name, at| Ok((name.to_owned(), mapping::read(at)?)))?;
                template.mappings = Mappings(mappings.into_iter().collect());
            }
            "Conditions" => {
                template.conditions =
                    named(&at, |name, at| Ok((name.to_owned(), Condition::read(at)?)))?;
            }
            "Resources" => template.resources = named(&at, resource)?,
            "Outputs" => template.outputs = named(&at, output)?,
            "Transform" | "Rules" | "Hooks" => {
                return Err(at.error(format!("the section {name} is not supported here")));
            }
            _ => {
                return Err(format!(
                    "Template format error: Invalid template property or properties [{name}]"
                ));
            }
        }
    }
    let counts = [
        ("parameters", template.parameters.len(), 200),
        ("mappings", template.mappings.0.len(), 200),
        ("conditions", template.conditions.len(), 200),
        ("resources", template.resources.len(), 500),
        ("outputs", template.outputs.len(), 200),
    ];
    if let Some((what, count, limit)) = counts.into_iter().find(|(_, count, limit)| count > limit) {
        return Err(format!(
            "Template format error: Number of {what}, {count}, is greater than maximum allowed, {limit}"
        ));
    }
    if template.resources.is_empty() {
        return Err(
            "Template format error: At least one Resources member must be defined.".to_owned()
        );
    }
    Ok(template)
}

fn resource(logical_id: &str, at: &At<'_>) -> Result<TemplateResource, String> {
    let mut kind = None;
    let mut resource = TemplateResource {
        logical_id: logical_id.to_owned(),
        kind: String::new(),
        condition: None,
        depends_on: Vec::new(),
        policies: Policies::default(),
        properties: Vec::new(),
        place: at.place().clone(),
    };
    for (member, at) in at.entries()? {
        match member {
            "Type" => kind = Some(at.text()?),
            "Condition" => resource.condition = Some(at.name()?),
            "DependsOn" => {
                resource.depends_on = match at.data() {
                    Data::List(_) => at.items()?.iter().map(At::name).collect::<Result<_, _>>()?,
                    _ => vec![at.name()?],
                };
            }
            "Properties" => resource.properties = Expression::map(&at)?,
            "DeletionPolicy" => resource.policies.deletion = Policy::read(&at, member, true)?,
            "UpdateReplacePolicy" => {
                resource.policies.replacement = Policy::read(&at, member, false)?
            }
            "Metadata" => {}
            _ => return Err(at.error(format!("Invalid template resource property '{member}'"))),
        }
    }
    resource.kind = kind.ok_or_else(|| {
        format!(
            "Template format error: [{}] Every Resources object must contain a Type member.",
            at.place()
        )
    })?;
    Ok(resource)
}

fn output(key: &str, at: &At<'_>) -> Result<Output, String> {
    let (mut description, mut condition, mut value, mut export) = (None, None, None, None);
    for (member, at) in at.entries()? {
        match member {
            "Description" => description = Some(at.text()?),
            "Condition" => condition = Some(at.name()?),
            "Value" => value = Some(Expression::read(&at)?),
            "Export" => match at.entries()?.as_slice() {
                [("Name", name)] => export = Some(Expression::read(name)?),
                _ => return Err(at.error("Export takes Name and nothing else")),
            },
            _ => return Err(at.error(format!("Invalid template output property '{member}'"))),
        }
    }
    let value =
        value.ok_or_else(|| at.error("Every Outputs member must contain a Value object"))?;
    Ok(Output { key: key.to_owned(), description, condition, value, export })
}

/// Reads the entries of a section whose keys are names: letters and digits.
fn named<T>(
    at: &At<'_>,
    read: impl Fn(&str, &At<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let entries = at.entries()?;
    let named = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    match entries.iter().find(|(name, _)| !named(name)) {
        Some((name, at)) => Err(at.error(format!("the name {name} is non alphanumeric"))),
        None => entries.iter().map(|(name, at)| read(name, at)).collect(),
    }
}
