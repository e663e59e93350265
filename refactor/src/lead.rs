//! What changes the state of the control plane. With several processes there is one such, in the process that leads.

use std::error::Error;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use runtime::Token;
use tokio::runtime::Handle;

use crate::advice;
use crate::gate::{Gate, UnderWay};
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
    /// What changes this state, which these spaces must have already. Nothing begins before [`Lead::begin`].
    ///
    /// # Errors
    /// If the state cannot be used, or the system gives no thread.
    pub(crate) fn open(
        journal: Journal,
        spaces: Spaces,
        moving: MoveSettings,
        runtime: Handle,
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
        let stacks = cloudformation::open(journal.clone(), Arc::new(spaces.clone()))?;
        Ok(Self { journal, spaces, stacks: Arc::new(stacks), moves })
    }

    /// Takes up what was under way. No other process may have the state.
    pub(crate) fn begin(&self) {
        self.stacks.begin();
        self.moves.resume();
    }
}

/// The parts that change the state, while this process has them. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Leading(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lead: ArcSwapOption<Lead>,
    gate: Gate,
}

/// An operation while it is under way.
pub(crate) struct LedOperation<'a> {
    lead: Arc<Lead>,
    _under_way: UnderWay<'a>,
}

impl Leading {
    /// Begins an operation; nothing if another process leads, or this one lets none begin any more.
    pub(crate) fn begin(&self) -> Option<LedOperation<'_>> {
        let under_way = self.0.gate.enter()?;
        Some(LedOperation { lead: self.get()?, _under_way: under_way })
    }

    /// Whether operations may begin.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.gate.is_closed() && self.get().is_some()
    }

    /// To look at, not to change anything.
    pub(crate) fn get(&self) -> Option<Arc<Lead>> {
        self.0.lead.load_full()
    }

    pub(crate) fn set(&self, lead: Option<Arc<Lead>>) {
        self.0.lead.store(lead);
    }

    /// Lets no more operations begin. Blocks until those under way have ended, or for this time.
    pub(crate) fn close(&self, within: Duration) {
        self.0.gate.close(within);
    }

    /// The same, and waits for the operations on stacks too.
    pub(crate) fn finish(&self, within: Duration) {
        let deadline = Instant::now() + within;
        self.close(within);
        if let Some(lead) = self.get()
            && let Err(error) = lead.stacks.settle(deadline)
        {
            log::warn!("stacks: {error}; another process goes on");
        }
    }

    /// Lets operations begin again.
    pub(crate) fn open(&self) {
        self.0.gate.open();
    }
}

impl Deref for LedOperation<'_> {
    type Target = Lead;

    fn deref(&self) -> &Lead {
        &self.lead
    }
}
