//! What the spaces are told from outside.

use std::net::SocketAddr;
use std::time::Duration;

use super::resource::Protection;
use super::resource_type::ResourceType;

/// What the spaces are told from outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the first application; each further one takes the next free port. Port 0: any free port for
    /// each.
    pub applications: SocketAddr,
    /// Whether applications take traffic by https.
    pub https: bool,
    /// The address of the control port.
    pub control: SocketAddr,
    /// How long requests to an application that is deleted may take to finish.
    pub drain: Duration,
    /// Whether other processes have the same state, each with ports of its own.
    pub shared: bool,
    /// The most resources.
    pub quotas: Quotas,
    /// The end of a sentence that refuses to delete a protected route: what helps. Empty, or from its punctuation on.
    pub advice: fn(&Protection) -> String,
    /// The same for a new route that clashes with one that was made so that a collection can be followed; it gets the source
    /// path of that one.
    pub followed_advice: fn(&str) -> String,
}

/// The most resources of each kind in a region.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// The most environments.
    pub environments: usize,
    /// The most applications.
    pub applications: usize,
    /// The most services.
    pub services: usize,
    /// The most routes.
    pub routes: usize,
}

impl Quotas {
    pub(crate) fn of(self, kind: ResourceType) -> usize {
        match kind {
            ResourceType::Environment => self.environments,
            ResourceType::Application => self.applications,
            ResourceType::Service => self.services,
            ResourceType::Route => self.routes,
        }
    }
}
