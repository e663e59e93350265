//! What tags say of the canary and the shadow of each route.

use std::collections::BTreeMap;

use super::canary::read_tags;
use crate::Spaces;

/// The canary and the shadow of a route, as its tags and those of its service say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteShares {
    /// The id of the application.
    pub application: String,
    /// The route's path.
    pub path: String,
    /// The value of each tag that it has, by what the tag is about: `canary`, `canary steps`, `shadow`.
    pub values: BTreeMap<&'static str, String>,
}

const TAGS: [(&str, &str); 3] = [
    ("banyan:canary", "canary"),
    ("banyan:canary-steps", "canary steps"),
    ("banyan:shadow", "shadow"),
];

impl Spaces {
    /// The shares of every route, by its id.
    pub fn shares(&self) -> BTreeMap<String, RouteShares> {
        let model = self.model();
        let shares = model.routes.values().filter_map(|route| {
            let tags = read_tags(model.services.get(&route.details.service)?, route);
            let value = |(tag, about): (&str, &'static str)| Some((about, tags.get(tag)?.clone()));
            let application = route.details.application.clone();
            let values = TAGS.into_iter().filter_map(value).collect();
            Some((route.id.clone(), RouteShares { application, path: route.label(), values }))
        });
        shares.collect()
    }
}
