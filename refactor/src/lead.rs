//! What changes the state of the control plane. With several processes there is one such, in the process that leads.

use std::error::Error;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use runtime::Token;
use tokio::runtime::Handle;

use crate::control::advice;
use cloudformation::Api;
use journal::Journal;
use moves::{Moves, Targets};
use spaces::Spaces;

/// The parts that change the state.
pub(crate) struct Lead {
    pub(crate) journal: Journal,
    pub(crate) spaces: Spaces,
    pub(crate) stacks: Arc<Api>,
    pub(crate) moves: Moves,
}

/// What moves are told from outside.
#[derive(Clone)]
pub(crate) struct MoveSettings {
    pub(crate) token: Option<Token>,
    pub(crate) targets: Targets,
}

impl Lead {
    /// Takes up what was under way in this state, once `ours` says that no other process does. These spaces must have the
    /// state already.
    ///
    /// # Errors
    /// That of `ours`; if the state cannot be used, or the system gives no thread.
    pub(crate) fn open(
        journal: Journal,
        spaces: Spaces,
        moving: MoveSettings,
        runtime: Handle,
        ours: impl FnOnce() -> io::Result<()>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let moves = Moves::open(
            journal.clone(),
            spaces.clone(),
            moving.token,
            moving.targets,
            advice::refusal,
            runtime,
        )
        .map_err(|error| error.to_string())?;
        ours()?;
        let stacks = cloudformation::open(journal.clone(), Arc::new(spaces.clone()))?;
        moves.resume();
        Ok(Self { journal, spaces, stacks: Arc::new(stacks), moves })
    }
}

/// The parts that change the state, while this process has them. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Leading(Arc<ArcSwapOption<Lead>>);

impl Leading {
    pub(crate) fn get(&self) -> Option<Arc<Lead>> {
        self.0.load_full()
    }

    pub(crate) fn set(&self, lead: Option<Arc<Lead>>) {
        self.0.store(lead);
    }
}
