//! The Mappings section: values under two keys each.

use std::collections::BTreeMap;

use serde_json::Value;

use super::TemplateError;
use super::node::{At, Data};

/// Values by mapping, first and second key. A value is a scalar or a list of scalars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mappings(BTreeMap<String, Keyed<Keyed<Value>>>);

type Keyed<T> = BTreeMap<String, T>;

impl Mappings {
    /// Reads the mappings of those names.
    ///
    /// # Errors
    /// For another nesting than name, key, key, value; for a function, which no mapping may hold; for a key that is
    /// there twice in two spellings.
    pub(super) fn read<'a>(
        named: impl Iterator<Item = (&'a str, At<'a>)>,
    ) -> Result<Self, TemplateError> {
        let mappings =
            named.map(|(name, at)| Ok((name.to_owned(), keyed(&at, |at| keyed(at, value))?)));
        Ok(Self(mappings.collect::<Result<_, TemplateError>>()?))
    }

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

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn keyed<T>(
    at: &At<'_>,
    read: impl Fn(&At<'_>) -> Result<T, TemplateError>,
) -> Result<Keyed<T>, TemplateError> {
    let mut found = Keyed::new();
    for (key, at) in at.values()? {
        if found.insert(key.clone(), read(&at)?).is_some() {
            return Err(at.error(format!("the key {key} is there twice")));
        }
    }
    Ok(found)
}

fn value(at: &At<'_>) -> Result<Value, TemplateError> {
    match at.data() {
        Data::Map(_) => Err(at.error(
            "Every Mappings attribute must be a String or a List: a value without functions",
        )),
        Data::List(_) => at.items()?.iter().map(At::scalar).collect(),
        _ => at.scalar(),
    }
}
