//! All refactor spaces, and how an operation changes them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

use proxy::DataPlane;

use super::canary_windows::CanaryWindows;
use super::error::ApiError;
use super::journal::SpacesJournal;
use super::model::{Model, ModelChange};
use super::settings::Settings;

/// All refactor spaces. Cheap to clone.
#[derive(Clone)]
pub struct Spaces(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) model: Arc<Mutex<Model>>,
    pub(crate) journal: SpacesJournal,
    /// Why applications of other processes cannot be listened for here, by id.
    pub(crate) deaf: Arc<Mutex<BTreeMap<String, String>>>,
    pub(crate) plane: DataPlane,
    pub(crate) settings: Settings,
    /// What was seen of the canaries that rise by themselves.
    pub(crate) canaries: Mutex<CanaryWindows>,
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
        state: journal::Journal,
        plane: DataPlane,
        settings: Settings,
        runtime: Handle,
    ) -> Result<Self, journal::Error> {
        let spaces = Self::empty(SpacesJournal::open(state)?, plane, settings, runtime);
        *spaces.model() = spaces.0.journal.load()?;
        spaces.warn_of_tags();
        spaces.listen_again()?;
        spaces.check_again();
        Ok(spaces)
    }

    /// Restores what is in a state that several processes share, without the right to change it: another process leads,
    /// or this one will.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn follow(
        state: &journal::Journal,
        plane: DataPlane,
        settings: Settings,
        runtime: Handle,
    ) -> Result<Self, journal::Error> {
        // Its tables may not be there yet.
        SpacesJournal::open(state.clone())?;
        let journal = SpacesJournal::open(state.read_only())?;
        let spaces = Self::empty(journal, plane, settings, runtime);
        spaces.reload(state)?;
        spaces.warn_of_tags();
        Ok(spaces)
    }

    /// The same spaces for a process that leads through this session: it may change them.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn lead(&self, state: journal::Journal) -> Result<Self, journal::Error> {
        let Inner { model, deaf, plane, settings, runtime, .. } = &*self.0;
        let spaces = Self(Arc::new(Inner {
            model: Arc::clone(model),
            journal: SpacesJournal::open(state)?,
            deaf: Arc::clone(deaf),
            plane: plane.clone(),
            settings: settings.clone(),
            canaries: Mutex::default(),
            runtime: runtime.clone(),
        }));
        spaces.reload_from(&spaces.0.journal)?;
        spaces.check_again();
        Ok(spaces)
    }

    fn empty(
        journal: SpacesJournal,
        plane: DataPlane,
        settings: Settings,
        runtime: Handle,
    ) -> Self {
        let (model, deaf, canaries) = (Arc::default(), Arc::default(), Mutex::default());
        Self(Arc::new(Inner { model, journal, deaf, plane, settings, canaries, runtime }))
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        // A thread that panicked with the lock had not begun to change the model: see `commit`.
        self.0.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn deaf(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.deaf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One operation. When it returns, all that `work` wants changed is on disk, in memory, and in the data plane of
    /// every live process. If `work` fails, nothing has changed.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&Model, &mut Vec<ModelChange>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut changes = Vec::new();
        let (result, changed) = {
            let mut model = self.model();
            let result = work(&model, &mut changes)?;
            let changed = !changes.is_empty();
            self.commit(&mut model, changes).map_err(|error| ApiError::internal(&error))?;
            (result, changed)
        };
        if changed {
            self.everywhere()?;
        }
        Ok(result)
    }

    /// Waits until every live process has what is changed so far.
    ///
    /// # Errors
    /// 500 if this process has lost the control database meanwhile.
    pub(crate) fn everywhere(&self) -> Result<(), ApiError> {
        let waited = self.0.journal.everywhere();
        waited.map(drop).map_err(|error| {
            log::error!("refactor spaces: {}", runtime::chain(&error));
            ApiError::Internal(
                "the change is stored; whether other processes have it is not known".into(),
            )
        })
    }

    pub(crate) fn commit(
        &self,
        model: &mut Model,
        changes: Vec<ModelChange>,
    ) -> Result<(), journal::Error> {
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
