//! The Mappings section: values under two keys each.

use std::collections::BTreeMap;

use serde_json::Value;

use super::node::{At, Data};

/// Values by mapping, first and second key. A value is a scalar or a list of scalars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mappings(pub(super) BTreeMap<String, Mapping>);

pub(super) type Mapping = Keyed<Keyed<Value>>;
type Keyed<T> = BTreeMap<String, T>;

impl Mappings {
    /// The value under two keys.
    ///
    /// # Errors
    /// CloudFormation's words for a mapping or a key that is not there.
    pub(crate) fn find(&self, mapping: &str, top: &str, second: &str) -> Result<Value, String> {
        let found = self.0.get(mapping).ok_or_else(|| {
            format!(
                "Mapping named '{mapping}' is not present in the 'Mappings' section of template"
            )
        })?;
        let value = found.get(top).and_then(|keys| keys.get(second)).cloned();
        value.ok_or_else(|| format!("Unable to get mapping for {mapping}::{top}::{second}"))
    }
}

/// Reads a mapping: keys, and below them keys and values. A key may be there only once, in whatever spelling.
pub(super) fn read(at: &At<'_>) -> Result<Mapping, String> {
    keyed(at, |at| keyed(at, value))
}

fn keyed<T>(at: &At<'_>, read: impl Fn(&At<'_>) -> Result<T, String>) -> Result<Keyed<T>, String> {
    let mut found = Keyed::new();
    for (key, at) in at.values()? {
        if found.insert(key.clone(), read(&at)?).is_some() {
            return Err(at.error(format!("the key {key} is there twice")));
        }
    }
    Ok(found)
}

fn value(at: &At<'_>) -> Result<Value, String> {
    match at.data() {
        Data::Map(_) => Err(at.error(
            "Every Mappings attribute must be a String or a List: a value without functions",
        )),
        Data::List(_) => at.items()?.iter().map(At::scalar).collect(),
        _ => at.scalar(),
    }
}
