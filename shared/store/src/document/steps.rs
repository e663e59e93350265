//! The steps of a move: what each asks for, and what it changes.

use std::time::Duration;

use models::{MAX_ID, Timestamp};

use super::{Document, Facts};
use crate::{
    FeedCursor, Followed, Grant, Hold, MAX_HOLD, MoveError, Peer, Position, Role, RowRate,
};

/// A step that changes the document and nothing else of a store.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Follow { source: Peer, lineage: String, epoch: u64, rate: Option<RowRate> },
    Readdress(Peer),
    Hold { id: String, epoch: u64, lasts: Duration },
    Release { id: String },
    FollowBack { peer: Peer, epoch: u64, since: u64, run: String },
    Retire,
    Take { epoch: u64 },
    GiveWay { to: Peer, lineage: String, epoch: u64 },
}

impl Step {
    /// Its name among the places where a program can be made to crash.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Follow { .. } => "follow",
            Self::Readdress(_) => "readdress",
            Self::Hold { .. } => "hold",
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
    pub(crate) fn step(&mut self, step: Step, facts: &Facts) -> Result<(), MoveError> {
        match step {
            Step::Follow { source, lineage, epoch, rate } => {
                self.follow(source, lineage, epoch, facts)?;
                if let Some(RowRate(most)) = rate {
                    self.max_rows_per_second = most;
                }
                Ok(())
            }
            Step::Readdress(peer) => self.readdress(&peer),
            Step::Hold { id, epoch, lasts } => self.hold(id, epoch, lasts, facts.now),
            Step::Release { id } => self.release(&id, facts.now),
            Step::FollowBack { peer, epoch, since, run } => {
                self.follow_back(peer, epoch, since, run)
            }
            Step::Retire => self.retire(),
            Step::Take { epoch } => self.take(epoch, facts.position),
            Step::GiveWay { to, lineage, epoch } => self.give_way(to, &lineage, epoch),
        }
    }

    fn follow(
        &mut self,
        source: Peer,
        lineage: String,
        epoch: u64,
        facts: &Facts,
    ) -> Result<(), MoveError> {
        if source.store == self.store {
            return Err(MoveError::Itself);
        }
        match (&self.followed, self.role) {
            (Some(followed), Role::Follower) => {
                if followed.source.store != source.store || self.lineage != lineage {
                    return Err(MoveError::Follows { source: followed.source.clone() });
                }
                return self.readdress(&source);
            }
            (None, Role::Follower) => return Err(self.not_follower()),
            (_, Role::Retired) => return Err(MoveError::InUse),
            (_, Role::Primary) => {}
        }
        if facts.rows || self.epoch != 1 || self.grant.is_some() {
            return Err(MoveError::InUse);
        }
        if let Some(hold) = self.held(facts.now) {
            return Err(MoveError::Held { by: hold.id.clone() });
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

    fn readdress(&mut self, peer: &Peer) -> Result<(), MoveError> {
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

    fn hold(
        &mut self,
        id: String,
        epoch: u64,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<(), MoveError> {
        self.primary_of(epoch)?;
        if lasts > MAX_HOLD {
            return Err(MoveError::HoldTooLong);
        }
        if let Some(hold) = self.held(now).filter(|hold| hold.id != id) {
            return Err(MoveError::Held { by: hold.id.clone() });
        }
        let until = Timestamp { unix_ms: now.unix_ms.saturating_add(lasts.as_millis() as i64) };
        self.hold = Some(Hold { id, until });
        Ok(())
    }

    fn release(&mut self, id: &str, now: Timestamp) -> Result<(), MoveError> {
        if let Some(hold) = self.held(now).filter(|hold| hold.id != id) {
            return Err(MoveError::Held { by: hold.id.clone() });
        }
        self.hold = None;
        Ok(())
    }

    fn primary_of(&self, epoch: u64) -> Result<(), MoveError> {
        if self.acts_as() != Role::Primary {
            return Err(self.not_primary());
        }
        if self.epoch != epoch {
            return Err(MoveError::OtherEpoch { asked: epoch, present: self.epoch });
        }
        Ok(())
    }

    /// Whether a heartbeat may be written.
    pub(crate) fn check_primary(&self) -> Result<(), MoveError> {
        self.primary_of(self.epoch)
    }

    /// The grant that was given already, where this one is a repeat of it; else that it may be given.
    pub(crate) fn check_grant(
        &self,
        hold: &str,
        epoch: u64,
        to: &Peer,
        now: Timestamp,
    ) -> Result<Option<Grant>, MoveError> {
        if let Some(grant) = self.grant.as_ref().filter(|grant| grant.epoch == epoch + 1) {
            if grant.to.store == to.store {
                return Ok(Some(grant.clone()));
            }
            return Err(MoveError::Granted { to: grant.to.clone(), epoch: grant.epoch });
        }
        self.primary_of(epoch)?;
        if to.store == self.store {
            return Err(MoveError::Itself);
        }
        match self.held(now) {
            Some(present) if present.id == hold => Ok(None),
            Some(present) => Err(MoveError::Held { by: present.id.clone() }),
            None => Err(MoveError::NotHeld { id: hold.to_owned() }),
        }
    }

    /// Gives the ownership away, as [`Document::check_grant`] has allowed.
    pub(crate) fn grant(&mut self, grant: Grant) {
        self.role = Role::Follower;
        self.hold = None;
        self.followed = None;
        self.successor = Some(grant.to.clone());
        self.grant = Some(grant);
    }

    fn follow_back(
        &mut self,
        peer: Peer,
        epoch: u64,
        since: u64,
        run: String,
    ) -> Result<(), MoveError> {
        if self.role != Role::Follower {
            return Err(MoveError::NotFollower { role: self.role });
        }
        let granted = |grant: &Grant| grant.epoch == epoch && grant.to.store == peer.store;
        if !self.grant.as_ref().is_some_and(granted) {
            return Err(MoveError::NeverGranted { epoch });
        }
        if self.followed.is_some() {
            return self.readdress(&peer);
        }
        self.epoch = epoch;
        self.successor = Some(peer.clone());
        self.followed = Some(Followed {
            source: peer,
            // All that the peer has of earlier epochs came from here.
            cursor: FeedCursor { position: since, id: MAX_ID },
            // What follows it is heard with the first page.
            run: Some(run),
            covered: Position { epoch, at: since },
            copied: true,
        });
        Ok(())
    }

    fn retire(&mut self) -> Result<(), MoveError> {
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

    /// Whether the store may be emptied; false where it was never used, so that nothing is to be done.
    pub(crate) fn check_cancel(&self, rows: bool) -> Result<bool, MoveError> {
        let unused = self.role == Role::Primary && self.epoch == 1 && !rows;
        if unused {
            return Ok(false);
        }
        if self.role != Role::Follower || self.followed.is_none() {
            return Err(self.not_follower());
        }
        Ok(true)
    }

    fn take(&mut self, epoch: u64, position: u64) -> Result<(), MoveError> {
        if self.grant.as_ref().is_none_or(|grant| grant.epoch != epoch) {
            return Err(MoveError::NeverGranted { epoch });
        }
        match self.role {
            Role::Primary if self.epoch > epoch => return Ok(()),
            Role::Follower => {}
            Role::Primary | Role::Retired => return Err(self.not_follower()),
        }
        self.become_primary(epoch + 1, position);
        Ok(())
    }

    /// Retires with all that it has: an owner of a later epoch was made by force.
    fn give_way(&mut self, to: Peer, lineage: &str, epoch: u64) -> Result<(), MoveError> {
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
        self.hold = None;
        self.successor = Some(to);
        Ok(())
    }

    pub(super) fn become_primary(&mut self, epoch: u64, since: u64) {
        self.role = Role::Primary;
        self.epoch = epoch;
        self.since = since;
        self.hold = None;
        self.followed = None;
        self.successor = None;
    }
}
