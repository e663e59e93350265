//! What the control plane says of itself: the answer to `GET /-/overview`.

use std::collections::BTreeMap;

use cloudformation::StackSeen;
use moves::{Done, Move, Side};
use serde::Deserialize;
use spaces::CanaryView;

/// Everything at once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Overview {
    pub(crate) environments: Vec<Environment>,
    pub(crate) applications: Vec<Application>,
    pub(crate) services: Vec<Service>,
    pub(crate) routes: Vec<Route>,
    pub(crate) canaries: Vec<CanaryView>,
    pub(crate) moves: Vec<Move>,
    /// What was done, the newest first.
    pub(crate) history: Vec<Done>,
    pub(crate) stacks: Vec<StackSeen>,
    /// What could not be read.
    pub(crate) problems: Vec<String>,
}

/// Why a resource is FAILED.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Failure {
    pub(crate) message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Environment {
    pub(crate) environment_id: String,
    pub(crate) name: String,
    pub(crate) arn: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Application {
    pub(crate) application_id: String,
    pub(crate) environment_id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) error: Option<Failure>,
    pub(crate) api_gateway_proxy: Gateway,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Gateway {
    pub(crate) proxy_url: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Service {
    pub(crate) service_id: String,
    pub(crate) application_id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) url_endpoint: Option<Endpoint>,
    pub(crate) lambda_endpoint: Option<LambdaEndpoint>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct LambdaEndpoint {
    pub(crate) arn: String,
}

impl Service {
    /// Its address.
    pub(crate) fn address(&self) -> &str {
        let url = self.url_endpoint.as_ref().map(|endpoint| endpoint.url.as_str());
        let lambda = self.lambda_endpoint.as_ref().map(|endpoint| endpoint.arn.as_str());
        url.or(lambda).unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Route {
    pub(crate) route_id: String,
    pub(crate) application_id: String,
    pub(crate) service_id: String,
    pub(crate) arn: String,
    pub(crate) state: String,
    pub(crate) source_path: Option<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) include_child_paths: bool,
    pub(crate) error: Option<Failure>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Route {
    /// The tag that lets a canary rise by itself.
    pub(crate) const STEPS: &str = "banyan:canary-steps";
    /// The tags that say which shares a route has.
    pub(crate) const SHARES: [&str; 3] = ["banyan:canary", "banyan:shadow", Self::STEPS];

    /// Whether its canary rises by itself.
    pub(crate) fn rises(&self) -> bool {
        self.tags.contains_key(Self::STEPS)
    }

    /// Whether it takes all that no other route takes.
    pub(crate) fn is_default(&self) -> bool {
        self.source_path.is_none()
    }

    /// Its paths, in a few words.
    pub(crate) fn label(&self) -> String {
        match &self.source_path {
            None => "Everything else".to_owned(),
            Some(path) if self.methods.is_empty() => path.clone(),
            Some(path) => format!("{} {path}", self.methods.join(", ")),
        }
    }

    /// The region, which its ARN names.
    pub(crate) fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or("local")
    }

    /// What a tag says in percent.
    pub(crate) fn percent(&self, tag: &str) -> Option<&str> {
        self.tags.get(tag).map(String::as_str)
    }
}

impl Overview {
    pub(crate) fn application(&self, id: &str) -> Option<&Application> {
        self.applications.iter().find(|found| found.application_id == id)
    }

    pub(crate) fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|found| found.service_id == id)
    }

    pub(crate) fn route(&self, id: &str) -> Option<&Route> {
        self.routes.iter().find(|found| found.route_id == id)
    }

    pub(crate) fn find_move(&self, application: &str, collection: &str) -> Option<&Move> {
        let same =
            |found: &&Move| found.application == application && found.collection == collection;
        self.moves.iter().find(same)
    }

    /// The move whose route this is.
    pub(crate) fn move_of(&self, route: &str) -> Option<&Move> {
        let same = |found: &&Move| found.route.as_ref().is_some_and(|led| led.id == route);
        self.moves.iter().find(same)
    }

    /// The service of the DEFAULT route of an application: the monolith.
    pub(crate) fn monolith(&self, application: &str) -> Option<&Service> {
        let route = self
            .routes
            .iter()
            .find(|route| route.application_id == application && route.is_default())?;
        self.service(&route.service_id)
    }
}

/// Which side is the primary of a move, as far as the two say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primary {
    Source,
    Target,
    Unknown,
}

/// The primary, and its epoch.
pub(crate) fn primary(found: &Move) -> (Primary, Option<u64>) {
    let epoch =
        |side: &Side| side.ownership.as_ref().filter(|own| own.is_primary()).map(|own| own.epoch);
    match (epoch(&found.source), epoch(&found.target)) {
        // Of a source and a target that have nothing to do with each other it is the source.
        (Some(source), target) if target.is_none_or(|target| target <= source) => {
            (Primary::Source, Some(source))
        }
        (_, Some(target)) => (Primary::Target, Some(target)),
        _ => (Primary::Unknown, None),
    }
}

/// The side that follows, if one does.
pub(crate) fn follower(found: &Move) -> Option<&Side> {
    let follows = |side: &&Side| side.ownership.as_ref().is_some_and(|own| own.following.is_some());
    [&found.target, &found.source].into_iter().find(follows)
}

/// How old the follower's newest knowledge is.
pub(crate) fn lag_ms(found: &Move) -> Option<u64> {
    follower(found)?.ownership.as_ref()?.following.as_ref()?.lag_ms
}
