//! What a resource type is.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_128;

use super::schema::{self, Property};
use crate::change::PropertyChange;
use crate::functions::text;
use crate::provider::{CreatedResource, Properties, ResourceKind};

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

/// The maker of the resources of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The refactor spaces.
    Spaces(ResourceKind),
    /// None: the engine only gives out an id, so that templates with a network of their own run unchanged.
    Placeholder(Placeholder),
}

/// The id of a resource that is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// This prefix and 17 hexadecimal digits, as on AWS.
    Id(&'static str),
    /// `IGW|vpc-1`.
    GatewayAttachment,
    /// `rtb-1|10.0.0.0/16`.
    Route,
}

impl Placeholder {
    /// Gives the resource its id, always the same for the same token.
    pub(crate) fn make(self, kind: &Type, token: &str, properties: &Properties) -> CreatedResource {
        let property = |name: &str| properties.get(name).and_then(text).unwrap_or_default();
        let destination = property("DestinationCidrBlock");
        let physical_id = match self {
            Self::Id(prefix) => {
                format!("{prefix}-{}", &format!("{:032x}", xxh3_128(token.as_bytes()))[..17])
            }
            Self::GatewayAttachment => format!("IGW|{}", property("VpcId")),
            Self::Route => format!("{}|{destination}", property("RouteTableId")),
        };
        let attribute = |name: &str| match self {
            Self::GatewayAttachment => "IGW".to_owned(),
            Self::Route => destination.clone(),
            Self::Id(_) if kind.properties.iter().any(|known| known.name == name) => property(name),
            Self::Id(_) => physical_id.clone(),
        };
        let attributes = kind.attributes.iter().map(|name| ((*name).to_owned(), attribute(name)));
        let attributes: BTreeMap<_, _> = attributes.collect();
        CreatedResource { physical_id, attributes }
    }
}

impl Type {
    /// Gives each value the type of the schema: templates write `8080` and `"8080"` for the same.
    ///
    /// # Errors
    /// All properties that are unknown, missing or of another type, with their paths below `Properties`.
    pub(crate) fn check(&self, properties: &Properties) -> Result<Properties, String> {
        schema::check(self.properties, properties, "")
    }

    /// The top-level properties that differ, and whether the change needs a new resource.
    pub(crate) fn differences(&self, old: &Properties, new: &Properties) -> Vec<PropertyChange> {
        schema::differences(self.properties, old, new)
    }
}
