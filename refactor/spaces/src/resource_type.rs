//! The types of resources, and the account that has them.

use serde::{Deserialize, Serialize};

/// The account that owns everything: there is one owner here, and no IAM.
pub const ACCOUNT: &str = "000000000000";

/// The four kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceType {
    /// An environment.
    Environment,
    /// An application.
    Application,
    /// A service.
    Service,
    /// A route.
    Route,
}

impl ResourceType {
    /// All kinds, parents first.
    pub(crate) const ALL: [Self; 4] =
        [Self::Environment, Self::Application, Self::Service, Self::Route];

    /// As `ResourceType` says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "ENVIRONMENT",
            Self::Application => "APPLICATION",
            Self::Service => "SERVICE",
            Self::Route => "ROUTE",
        }
    }

    /// As sentences and ARNs say it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Application => "application",
            Self::Service => "service",
            Self::Route => "route",
        }
    }

    /// The kinds that an ARN of this one names, parents first.
    pub(crate) fn way(self) -> &'static [Self] {
        match self {
            Self::Environment => &[Self::Environment],
            Self::Application => &[Self::Environment, Self::Application],
            Self::Service => &[Self::Environment, Self::Application, Self::Service],
            Self::Route => &[Self::Environment, Self::Application, Self::Route],
        }
    }

    /// What every id of this kind begins with.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Environment => "env-",
            Self::Application => "app-",
            Self::Service => "svc-",
            Self::Route => "rte-",
        }
    }

    /// What a quota of this kind is called.
    pub(crate) fn quota_code(self) -> &'static str {
        match self {
            Self::Environment => "environments",
            Self::Application => "applications",
            Self::Service => "services",
            Self::Route => "routes",
        }
    }
}
