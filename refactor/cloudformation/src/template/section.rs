//! The sections of a template.

use super::condition::Condition;
use super::expression::Expression;
use super::mapping::Mappings;
use super::node::{At, Data, Node, NodePath};
use super::parameter::Parameter;
use super::policy::{Policies, Policy};
use super::{Template, TemplateError};

/// A declared resource.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
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
pub(super) fn read(root: &Node) -> Result<Template, TemplateError> {
    let root = At::root(root);
    let mut template = Template {
        version: None,
        description: None,
        parameters: Vec::new(),
        mappings: Mappings::default(),
        conditions: Vec::new(),
        resources: Vec::new(),
        outputs: Vec::new(),
    };
    if !matches!(root.data(), Data::Map(_)) {
        return Err(TemplateError("Template format error: unsupported structure.".to_owned()));
    }
    for (name, at) in root.entries()? {
        match name {
            // The only version there is; a YAML reader may see a date in it, so it is not compared.
            "AWSTemplateFormatVersion" => template.version = Some(at.text()?),
            "Description" => template.description = Some(at.text()?),
            "Metadata" => {}
            "Parameters" => {
                template.parameters = named(&at)?
                    .map(|(name, at)| Parameter::read(name, &at))
                    .collect::<Result<_, _>>()?;
            }
            "Mappings" => template.mappings = Mappings::read(named(&at)?)?,
            "Conditions" => {
                template.conditions = named(&at)?
                    .map(|(name, at)| Ok((name.to_owned(), Condition::read(&at)?)))
                    .collect::<Result<_, _>>()?;
            }
            "Resources" => {
                template.resources =
                    named(&at)?.map(|(name, at)| resource(name, &at)).collect::<Result<_, _>>()?;
            }
            "Outputs" => {
                template.outputs =
                    named(&at)?.map(|(name, at)| output(name, &at)).collect::<Result<_, _>>()?;
            }
            "Transform" | "Rules" | "Hooks" => {
                return Err(at.error(format!("the section {name} is not supported here")));
            }
            _ => {
                return Err(TemplateError(format!(
                    "Template format error: Invalid template property or properties [{name}]"
                )));
            }
        }
    }
    let counts = [
        ("parameters", template.parameters.len(), 200),
        ("mappings", template.mappings.len(), 200),
        ("conditions", template.conditions.len(), 200),
        ("resources", template.resources.len(), 500),
        ("outputs", template.outputs.len(), 200),
    ];
    if let Some((what, count, limit)) = counts.into_iter().find(|(_, count, limit)| count > limit) {
        return Err(TemplateError(format!(
            "Template format error: Number of {what}, {count}, is greater than maximum allowed, {limit}"
        )));
    }
    if template.resources.is_empty() {
        return Err(TemplateError(
            "Template format error: At least one Resources member must be defined.".to_owned(),
        ));
    }
    Ok(template)
}

fn resource(logical_id: &str, at: &At<'_>) -> Result<Resource, TemplateError> {
    let mut kind = None;
    let mut resource = Resource {
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
            "Properties" => {
                resource.properties = at
                    .entries()?
                    .iter()
                    .map(|(name, value)| Ok(((*name).to_owned(), Expression::read(value)?)))
                    .collect::<Result<_, _>>()?;
            }
            "DeletionPolicy" => resource.policies.deletion = Policy::read(&at, member, true)?,
            "UpdateReplacePolicy" => {
                resource.policies.replacement = Policy::read(&at, member, false)?
            }
            "Metadata" => {}
            _ => return Err(at.error(format!("Invalid template resource property '{member}'"))),
        }
    }
    resource.kind = kind.ok_or_else(|| {
        TemplateError(format!(
            "Template format error: [{}] Every Resources object must contain a Type member.",
            at.place()
        ))
    })?;
    Ok(resource)
}

fn output(key: &str, at: &At<'_>) -> Result<Output, TemplateError> {
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

/// The entries of a section whose keys are names: letters and digits.
fn named<'a>(
    at: &At<'a>,
) -> Result<impl Iterator<Item = (&'a str, At<'a>)> + use<'a>, TemplateError> {
    let entries = at.entries()?;
    match entries
        .iter()
        .find(|(name, _)| name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        Some((name, at)) => Err(at.error(format!("the name {name} is non alphanumeric"))),
        None => Ok(entries.into_iter()),
    }
}
