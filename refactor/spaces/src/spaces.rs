//! All refactor spaces, and how an operation changes them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

use proxy::DataPlane;

use super::error::ApiError;
use super::journal::Journal;
use super::model::{Model, ModelChange};
use super::settings::Settings;
use super::state;

/// All refactor spaces. Cheap to clone.
#[derive(Clone)]
pub struct Spaces(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) model: Mutex<Model>,
    pub(crate) journal: Journal,
    pub(crate) plane: DataPlane,
    pub(crate) settings: Settings,
    /// The runtime that makes health checks.
    pub(crate) runtime: Handle,
}

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
        let spaces = Self(Arc::new(Inner { model, journal, plane, settings, runtime }));
        spaces.warn_of_tags();
        spaces.listen_again()?;
        spaces.check_again();
        Ok(spaces)
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        // A thread that panicked with the lock had not begun to change the model: see `commit`.
        self.0.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One operation. When it returns, all that `work` wants changed is on disk, in memory and in the data plane. If
    /// it fails, nothing has changed.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&Model, &mut Vec<ModelChange>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut model = self.model();
        let mut changes = Vec::new();
        let result = work(&model, &mut changes)?;
        self.commit(&mut model, changes).map_err(|error| ApiError::internal(&error))?;
        Ok(result)
    }

    pub(crate) fn commit(
        &self,
        model: &mut Model,
        changes: Vec<ModelChange>,
    ) -> rusqlite::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        self.0.journal.write(&changes)?;
        let touched = changes.iter().flat_map(|change| model.touched(change)).collect();
        changes.into_iter().for_each(|change| model.apply(change));
        self.publish(model, touched);
        Ok(())
    }

    /// The addresses that this program listens on.
    pub(crate) fn own_addresses(&self, model: &Model) -> Vec<SocketAddr> {
        let applications = model.applications.values().map(|found| found.details.address);
        applications.chain([self.0.settings.control]).collect()
    }
}
