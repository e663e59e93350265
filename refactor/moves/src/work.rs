//! One command at work on one move: what it reads and writes, and that it is alone.

mod alone;
mod begun;

use std::collections::BTreeSet;

use super::application;
use super::code::Code;
use super::coordinator_state::CoordinatorState;
use super::history::{CommandOrigin, Done};
use super::options::CommandOptions;
use super::record::{Intent, MoveRecord, Outcome, PrimarySide, Verb};
use super::refusal::CommandRefusal;
use super::remote_store::{RemoteStore, RemoteStores};
use super::sides::{self, RouteDestination, Sides};
pub(super) use alone::Alone;
pub(super) use begun::record;
use spaces::ApiError;
use spaces::resource::now_ms;

/// A command on a move. While it is there, no other one of this control plane works on the same move. One of another
/// control plane may: then it is up to the stores, which take the first.
pub(super) struct CommandWork<'a> {
    pub(super) inner: &'a CoordinatorState,
    pub(super) peers: &'a RemoteStores,
    pub(super) record: MoveRecord,
    pub(super) sides: Sides,
    asked: CommandOrigin,
    _alone: Alone<'a>,
}

impl<'a> CommandWork<'a> {
    /// Takes up the move of a collection, or begins it. Nothing is written yet, but that a route which was made since
    /// the last command is protected if the record needs it.
    ///
    /// # Errors
    /// 404 and 409 of `sides.rs`; 409 without MOVE_TOKEN, while another command is at work, and if the target is
    /// not known or another one than before; 500 if the route cannot be protected.
    pub(super) fn open(
        inner: &'a CoordinatorState,
        collection: &str,
        options: &CommandOptions,
    ) -> Result<Self, CommandRefusal> {
        let peers = inner.peers()?;
        let wanted = options.application.as_deref();
        let application = application::of_command(inner, wanted, collection)?;
        if !sides::is_name(collection) {
            return Err(inner.no_collection(&application.id, collection, ""));
        }
        let sides = sides::sides(&inner.spaces, &application, collection)?;
        let key = (application.id.clone(), collection.to_owned());
        let alone = Alone::wait(inner, &key)?;
        let known = inner.journal.find(&key)?;
        let record = record(inner, collection, &sides, known, options.target.as_deref());
        let record = record.map_err(|refusal| match peers.at(&sides.source).exists() {
            // What is not there can go nowhere.
            Some(false) => {
                inner.no_collection(&application.id, collection, &format!(" at {}", sides.source))
            }
            _ => refusal,
        })?;
        let asked = CommandOrigin { by: options.by.clone(), forced: options.force };
        let work = Self { inner, peers, record, sides, asked, _alone: alone };
        work.protect_route()?;
        Ok(work)
    }

    pub(super) fn source(&self) -> RemoteStore {
        self.peers.at(&self.record.source)
    }

    pub(super) fn target(&self) -> RemoteStore {
        self.peers.at(&self.record.target)
    }

    /// The id of the key that signed for the command.
    pub(super) fn by(&self) -> Option<&str> {
        self.asked.by.as_deref()
    }

    /// What the source is called in messages.
    pub(super) fn source_name(&self) -> String {
        format!("the source {}", self.record.source)
    }

    /// What the target is called in messages.
    pub(super) fn target_name(&self) -> String {
        format!("the target {}", self.record.target)
    }

    /// The collection's route as it is now, if there is one.
    pub(super) fn route(&self) -> Option<RouteDestination> {
        sides::led(&self.inner.spaces, &self.record.application, &self.record.collection)
    }

    /// Writes the record: it is on disk when this returns.
    ///
    /// # Errors
    /// 500 if that fails.
    pub(super) fn save(&self) -> Result<(), CommandRefusal> {
        Ok(self.inner.journal.write(&self.record)?)
    }

    /// Records the primary of the collection, and protects its route from deletion while that is the target. The route
    /// is protected before it is recorded, and let go after that: a crash in between leaves a route that cannot be
    /// deleted, until the next start.
    ///
    /// # Errors
    /// 500 if that fails.
    pub(super) fn set_primary(&mut self, primary: PrimarySide) -> Result<(), CommandRefusal> {
        fault::point("moves.protect");
        if self.record.primary != primary {
            self.record.primary = primary;
            if primary == PrimarySide::Target {
                self.protect_route()?;
            }
            self.save()?;
        }
        self.protect_route()
    }

    /// Protects the collection's route as its record says, also if another one takes its place meanwhile. A route that is
    /// not there is made with the next flip.
    ///
    /// # Errors
    /// 500 if that fails.
    pub(super) fn protect_route(&self) -> Result<(), CommandRefusal> {
        while let Some(route) = self.route() {
            let (spaces, protection) = (&self.inner.spaces, self.record.protection());
            match spaces.protect_route(&self.record.place(), &route.id, protection) {
                Err(ApiError::NotFound { .. }) => {}
                protected => return Ok(protected?),
            }
        }
        Ok(())
    }

    /// Records the epoch of the collection, and tells the proxy: an answer from an earlier epoch no longer counts, if
    /// the store was asked after this.
    ///
    /// # Errors
    /// As [`CommandWork::not_before`]; 500 if that fails.
    pub(super) fn in_epoch(&mut self, epoch: u64) -> Result<(), CommandRefusal> {
        self.not_before(epoch)?;
        if self.record.epoch != Some(epoch) {
            self.record.epoch = Some(epoch);
            self.record.lost_below = self.record.lost_below.min(epoch);
            self.save()?;
        }
        self.tell_epoch()
    }

    /// Refuses a primary of an earlier epoch than the last one that is known.
    ///
    /// # Errors
    /// 409 that says what would be lost.
    pub(super) fn not_before(&self, epoch: u64) -> Result<(), CommandRefusal> {
        match self.record.epoch.filter(|known| *known > epoch) {
            None => Ok(()),
            Some(known) => {
                let collection = &self.record.collection;
                Err(CommandRefusal::of(
                    Code::OldEpoch,
                    format!(
                        "{collection}: its primary says that it is in epoch {epoch}, and epoch {known} has begun already: the \
                     database of the primary is from before that, a backup perhaps, and what was written since is not in it. \
                     Put a newer database back, or start the side that has epoch {known}, and nothing is lost."
                    ),
                ))
            }
        }
    }

    /// Writes down that a take by force is about to be sent, and that what was written below this epoch may be lost by it;
    /// tells the proxy.
    ///
    /// # Errors
    /// 500 if that fails; then it must not be sent.
    pub(super) fn give_up_below(
        &mut self,
        epoch: u64,
        intent: Intent,
    ) -> Result<(), CommandRefusal> {
        self.record.lost_below = epoch;
        self.intend(intent)?;
        self.tell_epoch()
    }

    /// Tells the proxy which answers count, as the record on disk says it.
    ///
    /// # Errors
    /// 500 if the control database is lost.
    pub(super) fn tell_epoch(&self) -> Result<(), CommandRefusal> {
        let MoveRecord { application, collection, .. } = &self.record;
        Ok(self.inner.spaces.set_epoch(application, collection, Some(self.record.told()))?)
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// 500 if that fails; then it must not be done.
    pub(super) fn intend(&mut self, intent: Intent) -> Result<(), CommandRefusal> {
        self.record.pending = Some(intent);
        self.save()
    }

    /// Writes down how the command ended; nothing is pending any more.
    ///
    /// # Errors
    /// 500 if that fails; then it is pending still.
    pub(super) fn ended(&mut self, outcome: Outcome) -> Result<(), CommandRefusal> {
        let (verb, collection) = (outcome.verb.word(), &self.record.collection);
        log::info!("{verb} {collection}: {}", outcome.outcome);
        self.inner.pauses.note(&self.record, &outcome);
        let pending = self.record.pending.take();
        let done = Done::new(&self.record, &outcome, &self.asked);
        self.record.last = Some(outcome);
        let saved = self.inner.journal.end(&self.record, &done).map_err(CommandRefusal::from);
        if saved.is_err() {
            self.record.pending = pending;
        }
        saved
    }
}

impl CommandWork<'_> {
    /// Forgets the move; that this was done stays in the history.
    ///
    /// # Errors
    /// 500 if that fails.
    pub(super) fn forget(&self, outcome: &str) -> Result<(), CommandRefusal> {
        let outcome = Outcome {
            verb: Verb::Cancel,
            done: true,
            outcome: outcome.to_owned(),
            pause_ms: None,
            at_ms: now_ms(),
            steps: Vec::new(),
        };
        let done = Done::new(&self.record, &outcome, &self.asked);
        Ok(self.inner.journal.forget(&self.record.key(), &done)?)
    }
}

impl CoordinatorState {
    /// What it takes to ask programs.
    ///
    /// # Errors
    /// 409 without a token.
    pub(super) fn peers(&self) -> Result<&RemoteStores, CommandRefusal> {
        self.peers.as_ref().ok_or_else(|| {
            CommandRefusal::of(Code::NoToken, "this control plane moves nothing without a token")
        })
    }

    /// 404 for a collection that is not there, with those that are known here: they have a target, a route or a move.
    pub(super) fn no_collection(
        &self,
        application: &str,
        collection: &str,
        place: &str,
    ) -> CommandRefusal {
        let layout = self.spaces.layout(application);
        let routed = layout.iter().filter_map(|(route, _)| sides::collection(route));
        let mut names: BTreeSet<_> = routed.map(str::to_owned).collect();
        names.extend(self.targets.keys().cloned());
        // If it cannot be read, the log says so.
        let moves = self.journal.moves().map_err(CommandRefusal::from).unwrap_or_default();
        let ours = moves.into_iter().filter(|record| record.application == application);
        names.extend(ours.map(|record| record.collection));
        names.remove(collection);
        let named = Vec::from_iter(names).join(", ");
        let known = if named.is_empty() {
            "look at its name".to_owned()
        } else {
            format!("those that are known here are {named}")
        };
        CommandRefusal::missing(format!("there is no collection {collection:?}{place}; {known}"))
    }
}
