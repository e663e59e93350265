//! What has to be there before the control port is: the state, the data plane, and what changes the state.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use runtime::chain;
use tokio::runtime::Handle;
use url::Url;

use crate::control::{PassOn, Readiness};
use crate::credentials::Keys;
use crate::first_stack::{FirstStack, LastingNote};
use crate::keyring::Keyring;
use crate::lead::{Lead, Leading, MoveSettings};
use crate::processes::{ControlAddress, LeadParts, Processes};
use crate::takeover::TakenOver;
use console::Sessions;
use journal::Journal;
use postgres::PostgresUrl;
use proxy::DataPlane;
use spaces::{Settings, Spaces};

/// Why a program cannot start.
pub(crate) type StartError = Box<dyn Error + Send + Sync>;

/// What a start is told.
pub(crate) struct Start {
    pub(crate) settings: Settings,
    pub(crate) traffic: proxy::Settings,
    pub(crate) moving: MoveSettings,
    pub(crate) data_dir: PathBuf,
    /// The keys of operators; without them they are made.
    pub(crate) keys: Option<Keyring>,
    /// The URL of the monolith, for the first stack.
    pub(crate) monolith: Option<Url>,
    pub(crate) readiness: Arc<Readiness>,
}

/// What is there then.
pub(crate) struct Started {
    pub(crate) plane: DataPlane,
    pub(crate) credentials: Keyring,
    /// The sessions of the console.
    pub(crate) sessions: Sessions,
    pub(crate) leading: Leading,
    /// What another process can take over.
    pub(crate) state: Option<Journal>,
    pub(crate) passes_on: Option<PassOn>,
    pub(crate) processes: Option<Arc<Processes>>,
    /// The first stack, if this process has to see to it before it is ready.
    pub(crate) first: Option<FirstStack>,
}

impl Start {
    /// As the one process of a data folder, perhaps with what an earlier one gave. Nothing that was under way is taken up.
    ///
    /// # Errors
    /// If the state or the keys cannot be used, or another process uses them.
    pub(crate) fn alone(self, taken: Option<&mut TakenOver>) -> Result<Started, StartError> {
        let folder = &self.data_dir;
        let runs_again = journal::is_there(folder);
        let state = Journal::open(folder)?;
        let credentials = match self.keys {
            Some(given) => given,
            None => Keys::open(folder)?.into(),
        };
        let plane = DataPlane::new(proxy::Settings { runs_again, ..self.traffic })?;
        if let Some(taken) = taken {
            taken.inherit(&plane)?;
        }
        moves::tell_epochs(&state, &plane)?;
        let runtime = Handle::current();
        let spaces = Spaces::open(state.clone(), plane.clone(), self.settings, runtime.clone());
        let spaces = spaces.map_err(|cause| {
            format!("the state in {} cannot be used: {}", folder.display(), chain(&cause))
        })?;
        let lead = Lead::open(state.clone(), spaces, self.moving, runtime)?;
        log::info!("refactor {}, state in {}", env!("CARGO_PKG_VERSION"), folder.display());
        let stacks = Arc::clone(&lead.stacks);
        let first = self.monolith.map(|monolith| FirstStack {
            stacks,
            monolith,
            noted: LastingNote::Folder(self.data_dir),
        });
        let leading = Leading::default();
        leading.set(Some(Arc::new(lead)));
        let kept = state.clone();
        let sessions =
            Sessions::new(move || kept.clone(), credentials.first().access_key_id.clone());
        let (passes_on, processes, state) = (None, None, Some(state));
        Ok(Started { plane, credentials, sessions, leading, state, passes_on, processes, first })
    }

    /// As one of several processes. Blocks until the server answers.
    ///
    /// # Errors
    /// If the control database or the keys cannot be used.
    pub(crate) fn among_others(
        self,
        url: PostgresUrl,
        name: String,
        address: ControlAddress,
    ) -> Result<Started, StartError> {
        let runtime = Handle::current();
        let processes = Processes::join(url.clone(), name.clone(), address)
            .map_err(|error| format!("CONTROL_DATABASE_URL, {url}: {}", chain(&error)))?;
        let state = processes.session();
        let credentials = match self.keys {
            Some(given) => given,
            None => Keys::shared(&self.data_dir, &state)?.into(),
        };
        let traffic = proxy::Settings { runs_again: true, others_write: true, ..self.traffic };
        let plane = DataPlane::new(traffic)?;
        moves::tell_epochs(&state, &plane)?;
        let spaces = Spaces::follow(&state, plane.clone(), self.settings, runtime.clone())?;
        let first = self.monolith;
        let (member, listens, traffic) = (Arc::clone(&processes), spaces.clone(), plane.clone());
        // Once it was made, it stays deleted if it is.
        let waits = first.is_some() && LastingNote::Shared(state).get().is_none();
        self.readiness.ask(Box::new(move || {
            let first = "the first stack is not made yet";
            let first = || (waits && !traffic.has_opened()).then(|| first.to_owned());
            member.lost().or_else(|| listens.deafness()).or_else(first)
        }));
        let keeps = runtime.clone();
        processes.start(LeadParts {
            spaces,
            plane: plane.clone(),
            moving: self.moving,
            runtime: runtime.clone(),
            led: Box::new(move |lead| {
                let Some(monolith) = first.clone() else { return };
                let noted = LastingNote::Shared(lead.journal.clone());
                let first = FirstStack { stacks: Arc::clone(&lead.stacks), monolith, noted };
                keeps.spawn(first.keep());
            }),
        })?;
        log::info!("refactor {}, {name}, state in {url}", env!("CARGO_PKG_VERSION"));
        let leading = processes.leading().clone();
        let passes_on = Some(PassOn::new(Arc::clone(&processes), runtime)?);
        let member = Arc::clone(&processes);
        let sessions =
            Sessions::new(move || member.session(), credentials.first().access_key_id.clone());
        let (processes, state, first) = (Some(processes), None, None);
        Ok(Started { plane, credentials, sessions, leading, state, passes_on, processes, first })
    }
}
