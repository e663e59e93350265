//! JSON to a tree of nodes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::node::{Data, NodeKey, TemplateNode};

/// Reads a JSON template.
///
/// # Errors
/// If it is not well-formed, or has a key twice; with line and column.
pub(super) fn parse(text: &str) -> Result<TemplateNode, String> {
    serde_json::from_str(text).map_err(|err| {
        format!(
            "Template format error: JSON not well-formed. (line {}, column {}): {err}",
            err.line(),
            err.column()
        )
    })
}

impl<'de> Deserialize<'de> for TemplateNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let data = deserializer.deserialize_any(NodeVisitor)?;
        Ok(Self::new(0, data))
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Data, E> {
        Ok(Data::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Data, E> {
        Ok(Data::Number(Number::from(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Data, E> {
        Ok(Data::Number(Number::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Data, E> {
        Number::from_f64(number).map(Data::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries: Vec<(NodeKey, TemplateNode)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if entries.iter().any(|(known, _)| known.written == key) {
                return Err(A::Error::custom(format!("the key {key} is there twice")));
            }
            entries.push((NodeKey::new(key), map.next_value()?));
        }
        Ok(Data::Map(entries))
    }
}
