//! A template as written: a tree of maps, lists and scalars that remembers its lines.
//!
//! YAML's short forms are gone here (`!Ref X` is `{Ref: X}`), so whoever reads the tree knows one form of a function.

use serde_json::{Number, Value};

use super::TemplateError;

/// How deep maps and lists may nest. CloudFormation's own limit is not published; templates have no use for more.
pub(super) const DEPTH_LIMIT: usize = 60;

/// A value of the template and the line where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Line, from 1; 0 where the format gives none (JSON).
    pub(crate) line: usize,
    /// What stands there.
    pub(crate) data: Data,
}

/// What a node is. Map entries keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// A node on the way down from the root, with the path that led to it.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    node: &'a Node,
    place: Place,
}

/// Where something stands in a template: `Resources/Proxy/Properties/Name (line 12)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    path: String,
    line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.path),
            line => write!(f, "{} (line {line})", self.path),
        }
    }
}

impl<'a> At<'a> {
    pub(crate) fn root(node: &'a Node) -> Self {
        Self { node, place: Place { path: String::new(), line: node.line } }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn data(&self) -> &'a Data {
        &self.node.data
    }

    /// An error that names this place.
    pub(crate) fn error(&self, what: impl std::fmt::Display) -> TemplateError {
        TemplateError(format!("Template format error: [{}] {what}", self.place))
    }

    /// The entries of a map, in order.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, At<'a>)>, TemplateError> {
        match &self.node.data {
            Data::Map(entries) => {
                Ok(entries.iter().map(|(key, node)| (key.as_str(), self.down(key, node))).collect())
            }
            _ => Err(self.error("must be an object")),
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Result<Vec<At<'a>>, TemplateError> {
        match &self.node.data {
            Data::List(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, node)| self.down(&index.to_string(), node))
                .collect()),
            _ => Err(self.error("must be a list")),
        }
    }

    /// A scalar as text: numbers and booleans count, since YAML needs no quotes for either.
    pub(crate) fn text(&self) -> Result<String, TemplateError> {
        match &self.node.data {
            Data::Text(text) => Ok(text.clone()),
            Data::Number(number) => Ok(number.to_string()),
            Data::Bool(flag) => Ok(flag.to_string()),
            Data::Null => Err(self.null()),
            Data::List(_) | Data::Map(_) => Err(self.error("must be a string")),
        }
    }

    /// A scalar as a value.
    ///
    /// # Errors
    /// For null, which CloudFormation does not take anywhere, and for what is no scalar.
    pub(crate) fn scalar(&self) -> Result<Value, TemplateError> {
        match &self.node.data {
            Data::Text(text) => Ok(Value::String(text.clone())),
            Data::Number(number) => Ok(Value::Number(number.clone())),
            Data::Bool(flag) => Ok(Value::Bool(*flag)),
            Data::Null => Err(self.null()),
            Data::List(_) | Data::Map(_) => {
                Err(self.error("must be a string, a number or a boolean"))
            }
        }
    }

    fn null(&self) -> TemplateError {
        self.error("'null' values are not allowed in templates")
    }

    fn down(&self, step: &str, node: &'a Node) -> At<'a> {
        let path = match self.place.path.as_str() {
            "" => step.to_owned(),
            path => format!("{path}/{step}"),
        };
        At { node, place: Place { path, line: node.line } }
    }
}
