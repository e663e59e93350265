//! The resource types: what each takes, what it gives, and what a change of each property costs.

mod network;
mod schema;
mod spaces;

pub(crate) use network::Placeholder;
pub(crate) use schema::{Property, Update};

use super::provider::{Kind, Properties};

/// A resource type.
#[derive(Debug)]
pub(crate) struct Type {
    /// `AWS::RefactorSpaces::Route` and the like.
    pub(crate) name: &'static str,
    pub(crate) maker: Maker,
    pub(crate) properties: &'static [Property],
    /// What `Fn::GetAtt` may ask for.
    pub(crate) attributes: &'static [&'static str],
}

/// Who makes resources of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The refactor spaces.
    Spaces(Kind),
    /// Nobody: the engine gives out an id, so that templates with a network of their own run as they are.
    Nobody(Placeholder),
}

impl Type {
    /// The type of that name.
    ///
    /// # Errors
    /// A sentence that lists what there is.
    pub(crate) fn find(name: &str, logical_id: &str) -> Result<&'static Self, String> {
        all().find(|kind| kind.name == name).ok_or_else(|| {
            let names: Vec<&str> = all().map(|kind| kind.name).collect();
            format!(
                "Template format error: Unrecognized resource types: [{name}]: the resource {logical_id} cannot be made here. Supported are {}",
                names.join(", ")
            )
        })
    }

    /// Gives each value the type of the schema: templates write `8080` and `"8080"` for the same.
    ///
    /// # Errors
    /// The first property that is unknown, missing or of another type, with its path below `Properties`.
    pub(crate) fn check(&self, properties: &Properties) -> Result<Properties, String> {
        schema::check(self.properties, properties, "")
    }

    /// The top-level properties that differ, and whether the change needs a new resource.
    pub(crate) fn differences(&self, old: &Properties, new: &Properties) -> Vec<Difference> {
        schema::differences(self.properties, old, new)
    }
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Name of the top-level property.
    pub(crate) property: &'static str,
    pub(crate) update: Update,
}

fn all() -> impl Iterator<Item = &'static Type> {
    spaces::TYPES.iter().chain(network::TYPES)
}
