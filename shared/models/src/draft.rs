//! What a client sent: read, checked, and merged with what is stored.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{
    Cell, Collection, Field, FieldErrors, Kind, MAX_ID, Reference, Rule, Timestamp, number,
};

/// What a client sent to make or change a member: a value for each field that was given, of the field's type. Whether it
/// meets the rule is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft(Vec<Option<Cell>>);

impl Collection {
    /// Reads a JSON object. Each field may be missing, and no other may be there.
    ///
    /// # Errors
    /// The first thing that cannot be read: a field that does not exist, comes twice, or is of another type, as `null` is.
    pub fn draft<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Draft, D::Error> {
        deserializer.deserialize_map(Object { collection: self, strict: true }).map(Draft)
    }

    /// Reads a row's content, as another store of the collection wrote it. Its fields may be those of another version.
    ///
    /// # Errors
    /// The first thing that cannot be read, or a field that is missing and must not be empty.
    pub fn content(&self, json: &str) -> Result<Vec<Cell>, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let object = Object { collection: self, strict: false };
        let given = deserializer.deserialize_map(object)?;
        let cells = self.fields.iter().zip(given).map(|(field, cell)| {
            let missing = || serde_json::Error::custom(format!("missing field `{}`", field.name));
            cell.or_else(|| field.empty()).ok_or_else(missing)
        });
        cells.collect()
    }

    /// The cells of the member that a draft describes.
    ///
    /// # Errors
    /// One entry for each field that is missing or breaks its rule.
    pub fn whole(&self, Draft(given): Draft) -> Result<Vec<Cell>, FieldErrors> {
        let mut errors = FieldErrors::default();
        let cells = self.fields.iter().zip(given).map(|(field, cell)| match cell {
            Some(cell) => errors.check(field, cell),
            None => errors.missing(field),
        });
        let cells = cells.collect();
        errors.or(cells)
    }

    /// These cells, with each field that is given in place of its own (RFC 7396, JSON Merge Patch). Only the given ones
    /// are checked: what is stored may be older than a rule.
    ///
    /// # Errors
    /// One entry for each given field that breaks its rule.
    pub fn merge(&self, present: &[Cell], Draft(given): Draft) -> Result<Vec<Cell>, FieldErrors> {
        let mut errors = FieldErrors::default();
        let fields = self.fields.iter().zip(present).zip(given);
        let cells = fields.map(|((field, present), cell)| match cell {
            Some(cell) => errors.check(field, cell),
            None => present.clone(),
        });
        let cells = cells.collect();
        errors.or(cells)
    }

    /// The members of other collections that a draft names, if they could exist.
    pub fn references(&self, draft: &Draft) -> Vec<Reference> {
        let fields = self.fields.iter().zip(&draft.0);
        let references = fields.filter_map(|(field, cell)| match (&field.rule, cell) {
            (Rule::Reference(target), Some(Cell::Id(id @ 1..=MAX_ID))) => {
                Some(Reference { field: field.name.clone(), target: target.clone(), id: *id })
            }
            _ => None,
        });
        references.collect()
    }

    /// The draft as a JSON object with all fields, `null` for those that were not given.
    pub fn sent<'a>(&'a self, draft: &'a Draft) -> impl Serialize + 'a {
        Sent { fields: &self.fields, given: &draft.0 }
    }
}

impl<'de> DeserializeSeed<'de> for &Collection {
    type Value = Draft;

    /// [`Collection::draft`].
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Draft, D::Error> {
        self.draft(deserializer)
    }
}

impl Draft {
    /// The value of the field at this place, if it was given.
    pub fn given(&self, place: usize) -> Option<&Cell> {
        self.0.get(place)?.as_ref()
    }

    /// The same draft, with this value in the field at this place.
    pub fn with(mut self, place: usize, cell: Cell) -> Self {
        if let Some(given) = self.0.get_mut(place) {
            *given = Some(cell);
        }
        self
    }
}

/// Reads an object into a value for each field.
struct Object<'a> {
    collection: &'a Collection,
    /// Whether another field than these is an error.
    strict: bool,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<Option<Cell>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.collection.member)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let fields = &self.collection.fields;
        let mut given = vec![None; fields.len()];
        while let Some(place) = map.next_key_seed(Key { fields, strict: self.strict })? {
            match place.and_then(|place| Some((fields.get(place)?, given.get_mut(place)?))) {
                Some((field, Some(_))) => {
                    return Err(A::Error::custom(format_args!("duplicate field `{}`", field.name)));
                }
                Some((field, cell)) => *cell = Some(map.next_value_seed(Value(field.kind()))?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(given)
    }
}

/// Reads a key as the place of its field.
struct Key<'a> {
    fields: &'a [Field],
    strict: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        let place = self.fields.iter().position(|field| field.name == key);
        if place.is_none() && self.strict {
            let expected = expected(self.fields);
            return Err(E::custom(format_args!("unknown field `{key}`, expected {expected}")));
        }
        Ok(place)
    }
}

/// The fields' names, as serde lists them.
fn expected(fields: &[Field]) -> String {
    match fields {
        [one] => format!("`{}`", one.name),
        [one, other] => format!("`{}` or `{}`", one.name, other.name),
        fields => {
            let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("one of {}", names.join(", "))
        }
    }
}

/// Reads a value of this type.
struct Value(Kind);

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        match self.0 {
            Kind::Text => String::deserialize(deserializer).map(Cell::Text),
            Kind::Integer => number::integer(deserializer).map(Cell::Integer),
            Kind::Boolean => bool::deserialize(deserializer).map(Cell::Boolean),
            Kind::Time => Timestamp::deserialize(deserializer).map(Cell::Time),
            Kind::Id => number::id(deserializer).map(Cell::Id),
        }
    }
}

struct Sent<'a> {
    fields: &'a [Field],
    given: &'a [Option<Cell>],
}

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.given.len()))?;
        for (field, cell) in self.fields.iter().zip(self.given) {
            map.serialize_entry(&field.name, &cell.as_ref().map(Cell::as_ref))?;
        }
        map.end()
    }
}
