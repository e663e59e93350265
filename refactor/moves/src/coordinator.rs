//! The moves of a control plane, and the commands on them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use runtime::Token;
use tokio::runtime::Handle;

use proxy::DataPlane;
use spaces::Spaces;
use spaces::resource::now_ms;

use super::coordinator_state::CoordinatorState;
use super::history::{Done, RouteNote};
use super::journal::MoveJournal;
use super::metrics::{self, Pauses};
use super::options::CommandOptions;
use super::record::{Direction, Verb};
use super::refusal::CommandRefusal;
use super::remote_store::RemoteStores;
use super::shown::ShownMove;
use super::sides::{self, Targets};
use super::work::CommandWork;
use super::{cancel, complete, diff, follow, settle, status, switch};

/// How long a command waits for what an earlier one left pending.
const PENDING: Duration = Duration::from_secs(3);

/// Tells the proxy in which epochs the collections of a state are: before it listens for an application, so that no answer is
/// taken for what it is not. What was known before and is not there any more is in no epoch.
///
/// # Errors
/// If the state cannot be used.
pub fn tell_epochs(state: &journal::Journal, plane: &DataPlane) -> Result<(), journal::Error> {
    let mut epochs = BTreeMap::<_, BTreeMap<_, _>>::new();
    for record in MoveJournal::open(state.clone())?.moves()? {
        let collections = epochs.entry(record.application.clone()).or_default();
        let epoch = record.told();
        collections.insert(record.collection, epoch);
    }
    plane.set_epochs(epochs);
    Ok(())
}

/// Protects the routes that moves need, and no others: a program that ended while it changed a primary left the record
/// of a move behind, or the route. It asks no store, so a service that is down changes nothing.
fn protect_routes(journal: &MoveJournal, spaces: &Spaces) -> Result<(), journal::Error> {
    let protected = journal.moves()?.into_iter().filter_map(|record| {
        let route = sides::led(spaces, &record.application, &record.collection)?;
        Some((route.id, record.protection()?))
    });
    spaces.protect_only(&protected.collect())
}

/// All moves. Cheap to clone.
#[derive(Clone)]
pub struct Moves(Arc<CoordinatorState>);

impl Moves {
    /// Opens the moves in a state; what was pending is not taken up before [`Moves::resume`]. `wording` says in the log
    /// why a collection's move does not go on, and what helps.
    ///
    /// # Errors
    /// If the state cannot be used, or TLS not be set up.
    pub fn open(
        state: journal::Journal,
        spaces: Spaces,
        token: Option<Token>,
        targets: Targets,
        wording: fn(&str, &CommandRefusal) -> String,
        runtime: Handle,
    ) -> Result<Self, Box<dyn Error>> {
        let journal = MoveJournal::open(state)?;
        protect_routes(&journal, &spaces)?;
        let peers =
            token.map(|token| RemoteStores::new(token, spaces.clone(), runtime)).transpose()?;
        Ok(Self(Arc::new_cyclic(|myself| CoordinatorState {
            spaces,
            journal,
            peers,
            targets,
            wording,
            pauses: Pauses::new(),
            busy: Mutex::default(),
            comparing: Mutex::default(),
            settling: Mutex::default(),
            myself: Weak::clone(myself),
        })))
    }

    /// Takes up what was pending when the program ended, each on a thread of its
    /// own.
    pub fn resume(&self) {
        self.0.resume();
    }

    /// Every move, with what both sides say of themselves now. Without MOVE_TOKEN there is none, unless one was begun before.
    ///
    /// # Errors
    /// 409 without MOVE_TOKEN, if there are moves; 500 if the state cannot be read.
    pub fn list(&self) -> Result<Vec<ShownMove>, CommandRefusal> {
        if self.0.peers.is_none() && self.0.journal.moves()?.is_empty() {
            return Ok(Vec::new());
        }
        status::all(&self.0)
    }

    /// What was done, the newest first, so many lines at most.
    ///
    /// # Errors
    /// 500 if the state cannot be read.
    pub fn history(&self, most: u32) -> Result<Vec<Done>, CommandRefusal> {
        Ok(self.0.journal.history(most)?)
    }

    /// Adds a line on a route to the history. If the state cannot be written, the log says so: what the line is about was
    /// done already.
    pub fn note(&self, note: &RouteNote) {
        if let Err(error) = self.0.journal.note(&Done::of_route(note, now_ms())) {
            let RouteNote { about, path, .. } = note;
            log::error!(
                "the history has no line on the {about} of {path}: {}",
                runtime::chain(&error)
            );
        }
    }

    /// Every move in the text format of OpenMetrics, without the line that ends it; nothing without MOVE_TOKEN. Asks
    /// both stores of each.
    ///
    /// # Errors
    /// 500 if the state cannot be read.
    pub fn metrics(&self) -> Result<String, CommandRefusal> {
        if self.0.peers.is_none() {
            return Ok(String::new());
        }
        let broken =
            |what: &dyn fmt::Display| CommandRefusal::broken(format!("metrics of moves: {what}"));
        let documents = status::all(&self.0)?.into_iter().map(|shown| shown.document);
        let moves: Result<Vec<_>, _> = documents.map(serde_json::from_value).collect();
        let moves = moves.map_err(|error| broken(&error))?;
        metrics::text(&moves, &self.0.pauses).map_err(|error| broken(&error))
    }

    /// Carries a command out; gives the move as it is then. A comparison only begins.
    ///
    /// # Errors
    /// 400 for a dry run of a command that has none; 404 for a collection or application that is not there; 409 with what
    /// stands against it.
    pub fn command(
        &self,
        collection: &str,
        verb: Verb,
        options: &CommandOptions,
    ) -> Result<ShownMove, CommandRefusal> {
        if options.dry_run && !matches!(verb, Verb::Switch | Verb::Reverse) {
            let text = format!("dryRun: {} has no dry run; nothing was done", verb.word());
            return Err(CommandRefusal::invalid(text));
        }
        let mut work = CommandWork::open(&self.0, collection, options)?;
        // A dry run changes nothing, so it ends nothing either.
        if !options.dry_run {
            match settle::settle(&mut work, PENDING) {
                // These help if the target is lost, or both sides are.
                Err(pending)
                    if !(verb == Verb::Reverse || (verb == Verb::Cancel && options.force)) =>
                {
                    return Err(pending);
                }
                _ => {}
            }
        }
        let mut checks = None;
        match verb {
            Verb::Follow => follow::run(&mut work, options)?,
            Verb::Diff => diff::run(&mut work)?,
            Verb::Switch => checks = Some(switch::run(&mut work, Direction::Switch, options)?),
            Verb::Reverse => checks = Some(switch::run(&mut work, Direction::Reverse, options)?),
            Verb::Complete => complete::run(&mut work, options)?,
            Verb::Cancel => cancel::run(&mut work, options)?,
        }
        let shown = status::view(&self.0, &work.record, work.route().as_ref())?;
        Ok(ShownMove { checks, ..shown })
    }
}
