//! Refactor spaces: environments, their applications, and the services and routes of these.
//!
//! All of it is in memory, and on disk in the same words. An operation looks at the one, commits its
//! changes to the other, carries them out in memory and tells the data plane which routes changed; a lock is
//! held over all of that, so operations happen one after the other, each whole or not at all.
//!
//! The functions block: they wait for the disk, and some for a health check.

pub mod arn;
mod conflicts;
mod endpoint;
mod error;
mod health;
mod journal;
mod members;
mod model;
mod operations;
mod pages;
mod provider;
pub mod resource;
pub mod rules;
pub mod state;

pub use error::ApiError;
pub use members::Members;
pub use model::ApplicationPath;
pub use operations::{Check, Request};
pub use pages::{Page, PageRequest};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::runtime::Handle;

use journal::Journal;
use model::{Model, ModelChange};
use proxy::DataPlane;
use resource::{ResourceType, Route};

/// What the spaces are told from outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the first application; each further one takes the next free port. Port 0: any free port for
    /// each.
    pub applications: SocketAddr,
    /// The address of the control port.
    pub control: SocketAddr,
    /// The most resources.
    pub quotas: Quotas,
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
    fn of(self, kind: ResourceType) -> usize {
        match kind {
            ResourceType::Environment => self.environments,
            ResourceType::Application => self.applications,
            ResourceType::Service => self.services,
            ResourceType::Route => self.routes,
        }
    }
}

/// All refactor spaces. Cheap to clone.
#[derive(Clone)]
pub struct Spaces(Arc<Inner>);

struct Inner {
    model: Mutex<Model>,
    journal: Journal,
    plane: DataPlane,
    settings: Settings,
    /// The runtime that makes health checks.
    runtime: Handle,
    needs: OnceLock<Needs>,
}

/// Checks that nothing outside the spaces still needs a route; if something does, the error is a 409 that names it.
/// The model is locked during the call, so it must not call the spaces.
type Needs = Box<dyn Fn(&Route) -> Result<(), ApiError> + Send + Sync>;

impl Spaces {
    /// Restores everything that was ever answered. Each application listens on its port again, with its routes.
    /// Health checks that were under way are made again.
    ///
    /// # Errors
    /// If the state cannot be read or written. A taken port is no error: its application is FAILED.
    pub fn open(
        state: state::Shared,
        plane: DataPlane,
        settings: Settings,
        runtime: Handle,
    ) -> rusqlite::Result<Self> {
        let journal = Journal::open(state)?;
        let model = Mutex::new(journal.load()?);
        let spaces = Self(Arc::new(Inner {
            model,
            journal,
            plane,
            settings,
            runtime,
            needs: OnceLock::new(),
        }));
        spaces.listen_again()?;
        spaces.check_again();
        Ok(spaces)
    }

    /// From now on a route goes only where this lets it, too. It says so once, at the start.
    pub fn ask_before_a_route_goes(
        &self,
        needs: impl Fn(&Route) -> Result<(), ApiError> + Send + Sync + 'static,
    ) {
        // This is the only place that sets it.
        let _ = self.0.needs.set(Box::new(needs));
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        // A thread that panicked with the lock had not begun to change the model: see `commit`.
        self.0.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One operation. When it returns, all that `work` wants changed is on disk, in memory and in the data plane. If
    /// it fails, nothing has changed.
    fn change<T>(
        &self,
        work: impl FnOnce(&Model, &mut Vec<ModelChange>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut model = self.model();
        let mut changes = Vec::new();
        let result = work(&model, &mut changes)?;
        self.commit(&mut model, changes).map_err(|error| ApiError::internal(&error))?;
        Ok(result)
    }

    fn commit(&self, model: &mut Model, changes: Vec<ModelChange>) -> rusqlite::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        self.0.journal.write(&changes)?;
        let touched = changes.iter().filter_map(|change| model.touched(change)).collect();
        changes.into_iter().for_each(|change| model.apply(change));
        self.publish(model, touched);
        Ok(())
    }

    /// The addresses that this program listens on.
    fn own_addresses(&self, model: &Model) -> Vec<SocketAddr> {
        let applications = model.applications.values().map(|found| found.details.address);
        applications.chain([self.0.settings.control]).collect()
    }
}
