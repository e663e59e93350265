//! What a template makes of parameters: its resources with their properties, and its outputs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::template::{Template, placeholders};

/// A stack as it would be after a deploy, with made-up ids.
pub(crate) struct Stack {
    /// By logical id: type, properties, and what it waits for.
    pub(crate) resources: BTreeMap<String, Resource>,
    /// By key.
    pub(crate) outputs: BTreeMap<String, String>,
    /// By key, of those outputs that have one.
    pub(crate) exports: BTreeMap<String, String>,
}

/// A resource of a stack.
pub(crate) struct Resource {
    pub(crate) kind: String,
    pub(crate) properties: Value,
    /// The logical ids that it names, in whatever way: these are made before it and deleted after it.
    pub(crate) after: Vec<String>,
}

/// The ids that a stack gives, as long and of the letters that AWS gives them.
pub(crate) const ENVIRONMENT: &str = "env-0123456789";
pub(crate) const APPLICATION: &str = "app-0123456789";
pub(crate) const PROXY_URL: &str = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/api";

impl Stack {
    /// Deploys a template under the name `board`.
    ///
    /// # Errors
    /// For parameters that CloudFormation would refuse.
    ///
    /// # Panics
    /// If an expression cannot be worked out, such as one that names a resource whose condition does not hold.
    pub(crate) fn of(template: &Template, given: &[(&str, &str)]) -> Result<Self, String> {
        let parameters = template.parameters(given)?;
        let evaluation = Evaluation { template, parameters };
        let mut stack =
            Self { resources: BTreeMap::new(), outputs: BTreeMap::new(), exports: BTreeMap::new() };
        for (id, body) in
            template.section("Resources").iter().filter(|(_, body)| evaluation.exists(body))
        {
            let mut after = Vec::new();
            evaluation.names(body, &mut after);
            let properties =
                body.get("Properties").map_or(Value::Object(Map::new()), |p| evaluation.value(p));
            let kind = body["Type"].as_str().expect("a type").to_owned();
            stack.resources.insert(id.clone(), Resource { kind, properties, after });
        }
        for (key, body) in
            template.section("Outputs").iter().filter(|(_, body)| evaluation.exists(body))
        {
            stack.outputs.insert(key.clone(), evaluation.text(&body["Value"]));
            if let Some(export) = body.get("Export") {
                stack.exports.insert(key.clone(), evaluation.text(&export["Name"]));
            }
        }
        Ok(stack)
    }

    /// The logical ids of the resources of a type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<&str> {
        self.resources.iter().filter(|(_, made)| made.kind == kind).map(|(id, _)| &**id).collect()
    }

    /// Whether one resource is made after another, directly or not.
    pub(crate) fn is_after(&self, later: &str, earlier: &str) -> bool {
        let after = &self.resources[later].after;
        after.iter().any(|id| id == earlier) || after.iter().any(|id| self.is_after(id, earlier))
    }
}

struct Evaluation<'a> {
    template: &'a Template,
    parameters: BTreeMap<String, String>,
}

impl Evaluation<'_> {
    fn exists(&self, body: &Value) -> bool {
        body.get("Condition").is_none_or(|name| self.condition(name.as_str().expect("a name")))
    }

    fn condition(&self, name: &str) -> bool {
        self.holds(&self.template.section("Conditions")[name])
    }

    fn holds(&self, condition: &Value) -> bool {
        let (function, argument) =
            only(condition).unwrap_or_else(|| panic!("no condition: {condition}"));
        match function {
            "Condition" => self.condition(argument.as_str().expect("a name")),
            "Fn::Equals" => self.value(&argument[0]) == self.value(&argument[1]),
            "Fn::Not" => !self.holds(&argument[0]),
            other => panic!("the condition function {other} is not used here"),
        }
    }

    fn text(&self, expression: &Value) -> String {
        match self.value(expression) {
            Value::String(text) => text,
            other => panic!("no text: {other}"),
        }
    }

    fn value(&self, expression: &Value) -> Value {
        match (only(expression), expression) {
            (Some(("Ref", name)), _) => self.reference(name.as_str().expect("a name")).into(),
            (Some(("Fn::GetAtt", path)), _) => {
                let [resource, attribute] = [0, 1].map(|i| path[i].as_str().expect("a name"));
                self.attribute(resource, attribute).into()
            }
            (Some(("Fn::Join", argument)), _) => {
                let items = argument[1].as_array().expect("a list").iter();
                let items: Vec<_> = items.map(|item| self.text(item)).collect();
                items.join(argument[0].as_str().expect("a delimiter")).into()
            }
            (Some(("Fn::Sub", text)), _) => {
                let text = text.as_str().expect("a text");
                let filled = placeholders(text).into_iter().fold(text.to_owned(), |text, name| {
                    text.replace(&format!("${{{name}}}"), &self.reference(&name))
                });
                filled.into()
            }
            (Some(("Fn::Select", argument)), _) => {
                let index =
                    usize::try_from(argument[0].as_u64().expect("an index")).expect("small");
                self.value(&argument[1])[index].clone()
            }
            (Some(("Fn::GetAZs", _)), _) => vec!["eu-west-1a", "eu-west-1b"].into(),
            (Some((function, _)), _) if function.starts_with("Fn::") => {
                panic!("{function} is not used here")
            }
            (_, Value::Array(items)) => items.iter().map(|item| self.value(item)).collect(),
            (_, Value::Object(entries)) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), self.value(value)));
                Value::Object(entries.collect())
            }
            _ => expression.clone(),
        }
    }

    fn reference(&self, name: &str) -> String {
        if name == "AWS::StackName" {
            return "board".to_owned();
        }
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        match self.kind(name) {
            "AWS::RefactorSpaces::Environment" => ENVIRONMENT.to_owned(),
            // All of them are several ids, joined; a template that wants one uses GetAtt.
            "AWS::RefactorSpaces::Application" => format!("{ENVIRONMENT}|{APPLICATION}"),
            "AWS::EC2::VPC" => "vpc-0123456789abcdef0".to_owned(),
            _ => name.to_lowercase(),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> String {
        match (self.kind(resource), attribute) {
            ("AWS::RefactorSpaces::Application", "ApplicationIdentifier") => APPLICATION.to_owned(),
            ("AWS::RefactorSpaces::Application", "ProxyUrl") => PROXY_URL.to_owned(),
            ("AWS::RefactorSpaces::Service", "ServiceIdentifier") => service_id(resource),
            (kind, _) => panic!("{resource}: {kind} has no attribute {attribute}"),
        }
    }

    /// The type of a resource that exists.
    fn kind(&self, id: &str) -> &str {
        let body = self
            .template
            .section("Resources")
            .get(id)
            .unwrap_or_else(|| panic!("no resource {id}"));
        assert!(self.exists(body), "{id} is named where it does not exist");
        body["Type"].as_str().expect("a type")
    }

    /// Collects the logical ids of the existing resources that `value` names.
    fn names(&self, value: &Value, found: &mut Vec<String>) {
        let resources = self.template.section("Resources");
        match value {
            Value::String(text) => {
                let exists = |id: &str| resources.get(id).is_some_and(|body| self.exists(body));
                found.extend(Some(text).filter(|text| exists(text)).cloned());
            }
            Value::Array(items) => items.iter().for_each(|item| self.names(item, found)),
            Value::Object(entries) => {
                let naming = |key: &str| !["Type", "Condition", "Key", "Value"].contains(&key);
                entries
                    .iter()
                    .filter(|(key, _)| naming(key))
                    .for_each(|(_, value)| self.names(value, found));
            }
            _ => {}
        }
    }
}

/// The id that a service gets: made of its logical id, so that tests can tell whose it is.
pub(crate) fn service_id(logical_id: &str) -> String {
    let letters: String = logical_id.chars().rev().take(10).collect();
    format!("svc-{letters}")
}

/// The only entry of a map, where it may be a function.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    entries.iter().next().map(|(key, value)| (key.as_str(), value))
}
