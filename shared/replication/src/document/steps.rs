//! The steps of a move: what each asks for, and what it changes.

use std::error::Error;
use std::time::Duration;

use super::{Document, Facts};
use crate::{
    FeedCursor, Fence, Followed, Handover, MAX_FENCE, MoveError, Peer, Position, Role, RowRate,
};

/// A step that changes the document and nothing else of a store.
#[derive(Clone, Debug)]
pub enum OwnershipStep {
    /// Follow a source, with nothing copied yet.
    Follow {
        /// The source.
        source: Peer,
        /// Its lineage.
        lineage: String,
        /// Its epoch.
        epoch: u64,
        /// How fast, if that is said.
        rate: Option<RowRate>,
    },
    /// Note the present address of a peer.
    Readdress(Peer),
    /// Refuse writes for a time.
    Fence {
        /// Names the move.
        id: String,
        /// The epoch that the store must be in.
        epoch: u64,
        /// For how long.
        lasts: Duration,
    },
    /// End a fence.
    Release {
        /// Names the move.
        id: String,
    },
    /// Follow the store that took over.
    FollowBack {
        /// The successor.
        peer: Peer,
        /// The epoch that was handed over to it.
        epoch: u64,
        /// Its own place at which it became primary.
        since: u64,
        /// Its newest run.
        run: String,
    },
    /// End the service of a follower.
    Retire,
    /// Take back by force what was handed over.
    Take {
        /// The epoch that was handed over.
        epoch: u64,
    },
    /// Retire for a primary of a later epoch.
    GiveWay {
        /// That primary.
        to: Peer,
        /// Its lineage.
        lineage: String,
        /// Its epoch.
        epoch: u64,
    },
}

impl OwnershipStep {
    /// Its name among the places at which a program can be made to crash.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Follow { .. } => "follow",
            Self::Readdress(_) => "readdress",
            Self::Fence { .. } => "fence",
            Self::Release { .. } => "release",
            Self::FollowBack { .. } => "follow-back",
            Self::Retire => "retire",
            Self::Take { .. } => "take",
            Self::GiveWay { .. } => "give-way",
        }
    }
}

impl Document {
    /// Takes a step, or says why not and is as it was.
    ///
    /// # Errors
    /// Why not.
    pub fn step<E: Error + 'static>(
        &mut self,
        step: OwnershipStep,
        facts: &Facts,
    ) -> Result<(), MoveError<E>> {
        match step {
            OwnershipStep::Follow { source, lineage, epoch, rate } => {
                self.follow(source, lineage, epoch, facts)?;
                if let Some(RowRate(most)) = rate {
                    self.max_rows_per_second = most;
                }
                Ok(())
            }
            OwnershipStep::Readdress(peer) => self.readdress(&peer),
            OwnershipStep::Fence { id, epoch, lasts } => self.fence(id, epoch, lasts, facts.now_ms),
            OwnershipStep::Release { id } => self.release(&id, facts.now_ms),
            OwnershipStep::FollowBack { peer, epoch, since, run } => {
                self.follow_back(peer, epoch, since, run)
            }
            OwnershipStep::Retire => self.retire(),
            OwnershipStep::Take { epoch } => self.take(epoch, facts.position),
            OwnershipStep::GiveWay { to, lineage, epoch } => self.give_way(to, &lineage, epoch),
        }
    }

    fn follow<E: Error + 'static>(
        &mut self,
        source: Peer,
        lineage: String,
        epoch: u64,
        facts: &Facts,
    ) -> Result<(), MoveError<E>> {
        if source.store == self.store {
            return Err(MoveError::Itself);
        }
        match (&self.followed, self.role) {
            (Some(followed), Role::Follower) => {
                if followed.source.store != source.store || self.lineage != lineage {
                    return Err(MoveError::Follows { peer: followed.source.clone() });
                }
                return self.readdress(&source);
            }
            (None, Role::Follower) => return Err(self.not_follower()),
            (_, Role::Retired) => return Err(MoveError::InUse),
            (_, Role::Primary) => {}
        }
        if facts.rows || self.epoch != 1 || self.handover.is_some() {
            return Err(MoveError::InUse);
        }
        if let Some(fence) = self.fenced(facts.now_ms) {
            return Err(MoveError::Fenced { by: fence.id.clone() });
        }
        self.role = Role::Follower;
        self.lineage = lineage;
        self.epoch = epoch;
        self.forwarded = None;
        self.successor = Some(source.clone());
        self.followed = Some(Followed {
            source,
            cursor: FeedCursor::START,
            run: None,
            covered: Position::default(),
            copied: false,
        });
        Ok(())
    }

    fn readdress<E: Error + 'static>(&mut self, peer: &Peer) -> Result<(), MoveError<E>> {
        let source = self.followed.as_mut().map(|followed| &mut followed.source);
        let mut known = false;
        for place in source.into_iter().chain(&mut self.successor) {
            if place.store == peer.store {
                place.url.clone_from(&peer.url);
                known = true;
            }
        }
        if known { Ok(()) } else { Err(MoveError::NoSuccessor) }
    }

    fn fence<E: Error + 'static>(
        &mut self,
        id: String,
        epoch: u64,
        lasts: Duration,
        now_ms: i64,
    ) -> Result<(), MoveError<E>> {
        self.primary_of(epoch)?;
        if lasts > MAX_FENCE {
            return Err(MoveError::FenceTooLong);
        }
        if let Some(fence) = self.fenced(now_ms).filter(|fence| fence.id != id) {
            return Err(MoveError::Fenced { by: fence.id.clone() });
        }
        let until_ms = now_ms.saturating_add(lasts.as_millis() as i64);
        self.fence = Some(Fence { id, until_ms });
        Ok(())
    }

    fn release<E: Error + 'static>(&mut self, id: &str, now_ms: i64) -> Result<(), MoveError<E>> {
        if let Some(fence) = self.fenced(now_ms).filter(|fence| fence.id != id) {
            return Err(MoveError::Fenced { by: fence.id.clone() });
        }
        self.fence = None;
        Ok(())
    }

    fn primary_of<E: Error + 'static>(&self, epoch: u64) -> Result<(), MoveError<E>> {
        if self.acts_as() != Role::Primary {
            return Err(self.not_primary());
        }
        if self.epoch != epoch {
            return Err(MoveError::OtherEpoch { asked: epoch, present: self.epoch });
        }
        Ok(())
    }

    /// Whether a heartbeat may be written.
    ///
    /// # Errors
    /// If the store is not primary.
    pub fn check_primary<E: Error + 'static>(&self) -> Result<(), MoveError<E>> {
        self.primary_of(self.epoch)
    }

    /// The handover that was given already, if this one is a repeat of it. `None` if it may be given now.
    ///
    /// # Errors
    /// If it may not be given.
    pub fn check_handover<E: Error + 'static>(
        &self,
        fence: &str,
        epoch: u64,
        to: &Peer,
        now_ms: i64,
    ) -> Result<Option<Handover>, MoveError<E>> {
        if let Some(handover) =
            self.handover.as_ref().filter(|handover| handover.epoch == epoch + 1)
        {
            if handover.to.store == to.store {
                return Ok(Some(handover.clone()));
            }
            return Err(MoveError::HandedOver { to: handover.to.clone(), epoch: handover.epoch });
        }
        self.primary_of(epoch)?;
        if to.store == self.store {
            return Err(MoveError::Itself);
        }
        match self.fenced(now_ms) {
            Some(present) if present.id == fence => Ok(None),
            Some(present) => Err(MoveError::Fenced { by: present.id.clone() }),
            None => Err(MoveError::NotFenced { id: fence.to_owned() }),
        }
    }

    /// Gives the ownership away, as [`Document::check_handover`] has allowed.
    pub fn handover(&mut self, handover: Handover) {
        self.role = Role::Follower;
        self.fence = None;
        self.followed = None;
        self.successor = Some(handover.to.clone());
        self.handover = Some(handover);
    }

    fn follow_back<E: Error + 'static>(
        &mut self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: String,
    ) -> Result<(), MoveError<E>> {
        if self.role != Role::Follower {
            return Err(MoveError::NotFollower { role: self.role });
        }
        let handed_over =
            |handover: &Handover| handover.epoch == epoch && handover.to.store == peer.store;
        if !self.handover.as_ref().is_some_and(handed_over) {
            return Err(MoveError::NeverHandedOver { epoch });
        }
        if self.followed.is_some() {
            return self.readdress(&peer);
        }
        self.epoch = epoch;
        self.successor = Some(peer.clone());
        self.followed = Some(Followed {
            source: peer,
            // All that the peer has of earlier epochs came from here.
            cursor: FeedCursor::all(since),
            // What follows it is heard with the first page.
            run: Some(run),
            covered: Position { epoch, at: since },
            copied: true,
        });
        Ok(())
    }

    fn retire<E: Error + 'static>(&mut self) -> Result<(), MoveError<E>> {
        match self.role {
            Role::Retired => return Ok(()),
            Role::Primary => return Err(self.not_follower()),
            Role::Follower => {}
        }
        // Rows that the successor has not read yet exist only here.
        if self.followed.is_none() {
            return Err(self.not_follower());
        }
        if self.successor.is_none() {
            return Err(MoveError::NoSuccessor);
        }
        self.role = Role::Retired;
        Ok(())
    }

    /// Whether the store is to be emptied. False if it was never used: then there is nothing to do.
    ///
    /// # Errors
    /// If it cannot be cancelled.
    pub fn check_cancel<E: Error + 'static>(&self, rows: bool) -> Result<bool, MoveError<E>> {
        let unused = self.role == Role::Primary && self.epoch == 1 && !rows;
        if unused {
            return Ok(false);
        }
        if self.role != Role::Follower || self.followed.is_none() {
            return Err(self.not_follower());
        }
        Ok(true)
    }

    fn take<E: Error + 'static>(&mut self, epoch: u64, position: u64) -> Result<(), MoveError<E>> {
        if self.handover.as_ref().is_none_or(|handover| handover.epoch != epoch) {
            return Err(MoveError::NeverHandedOver { epoch });
        }
        match self.role {
            Role::Primary if self.epoch > epoch => return Ok(()),
            Role::Follower => {}
            Role::Primary | Role::Retired => return Err(self.not_follower()),
        }
        self.become_primary(epoch + 1, position);
        Ok(())
    }

    /// Retires with all that it has: a primary of a later epoch was made by force.
    fn give_way<E: Error + 'static>(
        &mut self,
        to: Peer,
        lineage: &str,
        epoch: u64,
    ) -> Result<(), MoveError<E>> {
        if to.store == self.store {
            return Err(MoveError::Itself);
        }
        if self.lineage != lineage {
            return Err(MoveError::OtherLineage);
        }
        if self.acts_as() != Role::Primary {
            return Err(self.not_primary());
        }
        if self.epoch >= epoch {
            return Err(MoveError::OtherEpoch { asked: epoch, present: self.epoch });
        }
        self.role = Role::Retired;
        self.superseded = true;
        self.fence = None;
        self.successor = Some(to);
        Ok(())
    }

    pub(super) fn become_primary(&mut self, epoch: u64, since: u64) {
        self.role = Role::Primary;
        self.epoch = epoch;
        self.since = since;
        self.fence = None;
        self.followed = None;
        self.successor = None;
    }
}
