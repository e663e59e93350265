//! A template as written: a tree of maps, lists and scalars that remembers its lines.
//!
//! YAML's short forms are already expanded here (`!Ref X` is `{Ref: X}`), so code that reads the tree needs to know
//! one form of each function.

use std::sync::Arc;

use serde_json::{Number, Value};

/// How deep maps and lists may nest. CloudFormation's own limit is not published; templates have no use for more.
pub(super) const DEPTH_LIMIT: usize = 60;
/// Characters that a key may have: as many as a logical id on AWS, and no other key has use for more.
const KEY_LIMIT: usize = 255;
/// Values that a template may hold, maps and lists included: what is kept for each is far more than its two bytes of text.
const NODE_LIMIT: usize = 20_000;

/// A value of the template and the line where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TemplateNode {
    /// Line, from 1; 0 if the format gives none (JSON).
    pub(crate) line: usize,
    /// What stands there.
    pub(crate) data: Data,
    /// How a boolean or a number is written in YAML: `On`, `010`.
    pub(super) written: Option<String>,
}

impl TemplateNode {
    pub(super) fn new(line: usize, data: Data) -> Self {
        Self { line, data, written: None }
    }
}

/// What a node is. Map entries keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<TemplateNode>),
    Map(Vec<(NodeKey, TemplateNode)>),
}

/// The key of an entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeKey {
    pub(super) written: String,
    /// What it is read as, if that is not what is written: `true` for `yes`.
    pub(super) read: Option<String>,
}

impl NodeKey {
    /// A key that is read as it is written.
    pub(super) fn new(written: String) -> Self {
        Self { written, read: None }
    }
}

/// A node on the way down from the root, with the path that led to it.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    node: &'a TemplateNode,
    place: NodePath,
}

/// The place of a node in a template: `Resources/Proxy/Properties/Name (line 12)`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodePath {
    /// None at the root.
    step: Option<Arc<PathStep>>,
    line: usize,
}

/// A step of a path and all before it, which are shared: a path of its own for each node would take a template's length
/// squared.
#[derive(Debug, PartialEq, Eq)]
struct PathStep {
    above: Option<Arc<PathStep>>,
    /// The key or the index.
    name: String,
}

impl std::fmt::Display for PathStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(above) = &self.above {
            write!(f, "{above}/")?;
        }
        f.write_str(&self.name)
    }
}

impl std::fmt::Display for NodePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(step) = &self.step {
            write!(f, "{step}")?;
        }
        match self.line {
            0 => Ok(()),
            line => write!(f, " (line {line})"),
        }
    }
}

impl<'a> At<'a> {
    pub(crate) fn root(node: &'a TemplateNode) -> Self {
        Self { node, place: NodePath { step: None, line: node.line } }
    }

    pub(crate) fn place(&self) -> &NodePath {
        &self.place
    }

    pub(crate) fn data(&self) -> &'a Data {
        &self.node.data
    }

    /// An error that names this place.
    pub(crate) fn error(&self, what: impl std::fmt::Display) -> String {
        format!("Template format error: [{}] {what}", self.place)
    }

    /// The entries of a map, in order.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, At<'a>)>, String> {
        match &self.node.data {
            Data::Map(entries) => Ok(entries
                .iter()
                .map(|(key, node)| (key.written.as_str(), self.down(key.written.clone(), node)))
                .collect()),
            _ => Err(self.error("must be an object")),
        }
    }

    /// The entries of a map whose keys are values: `yes` without quotes is `true`.
    pub(super) fn values(&self) -> Result<Vec<(String, At<'a>)>, String> {
        match &self.node.data {
            Data::Map(entries) => Ok(entries
                .iter()
                .map(|(key, node)| {
                    let read = key.read.as_ref().unwrap_or(&key.written);
                    (read.clone(), self.down(key.written.clone(), node))
                })
                .collect()),
            _ => Err(self.error("must be an object")),
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Result<Vec<At<'a>>, String> {
        match &self.node.data {
            Data::List(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, node)| self.down(index.to_string(), node))
                .collect()),
            _ => Err(self.error("must be a list")),
        }
    }

    /// A scalar as text: numbers and booleans count, since YAML needs no quotes for either.
    pub(crate) fn text(&self) -> Result<String, String> {
        match &self.node.data {
            Data::Text(text) => Ok(text.clone()),
            Data::Number(number) => Ok(number.to_string()),
            Data::Bool(flag) => Ok(flag.to_string()),
            Data::Null => Err(self.null()),
            Data::List(_) | Data::Map(_) => Err(self.error("must be a string")),
        }
    }

    /// The name of something else in the template, as it is written: a condition may be called `On`.
    pub(crate) fn name(&self) -> Result<String, String> {
        self.node.written.clone().map_or_else(|| self.text(), Ok)
    }

    /// A scalar as a value.
    ///
    /// # Errors
    /// For null, which CloudFormation does not take anywhere, and for what is no scalar.
    pub(crate) fn scalar(&self) -> Result<Value, String> {
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

    fn null(&self) -> String {
        self.error("'null' values are not allowed in templates")
    }

    /// Checks that keys and the whole are of a size that is worked with.
    ///
    /// # Errors
    /// The first key that is too long, or the node if there are too many.
    pub(super) fn check_size(&self) -> Result<(), String> {
        self.count(&mut 0)
    }

    fn count(&self, nodes: &mut usize) -> Result<(), String> {
        *nodes += 1;
        if *nodes > NODE_LIMIT {
            return Err(self
                .error(format!("a template has up to {NODE_LIMIT} values, and here is one more")));
        }
        match &self.node.data {
            Data::Map(entries) => {
                for (NodeKey { written: key, .. }, node) in entries {
                    let length = key.chars().count();
                    if length > KEY_LIMIT {
                        let key: String = key.chars().take(20).collect();
                        return Err(self.error(format!(
                            "the key {key}... has {length} characters, and a key has up to {KEY_LIMIT}"
                        )));
                    }
                    self.down(key.clone(), node).count(nodes)?;
                }
                Ok(())
            }
            Data::List(_) => self.items()?.iter().try_for_each(|item| item.count(nodes)),
            _ => Ok(()),
        }
    }

    fn down(&self, name: String, node: &'a TemplateNode) -> At<'a> {
        let step = PathStep { above: self.place.step.clone(), name };
        At { node, place: NodePath { step: Some(Arc::new(step)), line: node.line } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_in_a_list_share_the_path_to_it() {
        let text = |line| TemplateNode::new(line, Data::Text("a".to_owned()));
        let list = TemplateNode::new(1, Data::List(vec![text(2), text(3)]));
        let root = TemplateNode::new(1, Data::Map(vec![(NodeKey::new("Long".to_owned()), list)]));
        let items = At::root(&root).entries().unwrap()[0].1.items().unwrap();
        let above = |at: &At<'_>| at.place().step.as_ref().unwrap().above.clone().unwrap();
        assert!(Arc::ptr_eq(&above(&items[0]), &above(&items[1])));
        assert_eq!(items[1].place().to_string(), "Long/1 (line 3)");
    }
}
