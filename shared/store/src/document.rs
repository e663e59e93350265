//! The document of ownership, and every step that changes it.
//!
//! The rules of a move stand here and nowhere else. An engine loads the document under its lock, has a
//! step taken, and saves it in the same transaction; so both engines refuse and allow the same.

use std::num::NonZero;
use std::time::Duration;

use models::{MAX_ID, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Changes, Entry, FeedCursor, Followed, Grant, Hold, MAX_HOLD, MoveError, Ownership, Peer,
    Position, Role, RowRate,
};

/// What a database keeps of one collection's ownership.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) store: String,
    pub(crate) lineage: String,
    pub(crate) role: Role,
    pub(crate) epoch: u64,
    pub(crate) since: u64,
    pub(crate) hold: Option<Hold>,
    pub(crate) grant: Option<Grant>,
    pub(crate) followed: Option<Followed>,
    pub(crate) successor: Option<Peer>,
    /// How fast it copies at most, now and whenever it follows again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_rows_per_second: Option<NonZero<u32>>,
    /// Where the collection is, of a store that was a copy of it and was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forwarded: Option<String>,
}

/// What a step has to know besides the document.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The store's clock.
    pub(crate) now: Timestamp,
    /// The newest place of the store's feed.
    pub(crate) position: u64,
    /// The newest run.
    pub(crate) run: String,
    /// Whether the store ever held a row.
    pub(crate) rows: bool,
}

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

/// A place where a test can make a program crash: around the commit of a step.
pub(crate) fn fault(step: &str, moment: &str) {
    fault::point(&format!("store.{step}.{moment}"));
}

/// An id that no other store, lineage or run has.
pub(crate) fn random_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

impl Document {
    /// That of a store that was never used.
    pub(crate) fn new() -> Self {
        Self {
            store: random_id(),
            lineage: random_id(),
            role: Role::Primary,
            epoch: 1,
            since: 0,
            hold: None,
            grant: None,
            followed: None,
            successor: None,
            max_rows_per_second: None,
            forwarded: None,
        }
    }

    /// That of a store that was a copy: as if it had never been used, except that it knows where the
    /// collection is. Others may still ask it, and must not take its emptiness for the collection's.
    pub(crate) fn cancelled(&self) -> Self {
        let source = self.followed.as_ref().map(|followed| followed.source.url.clone());
        Self { forwarded: source, ..Self::new() }
    }

    /// What the world is told.
    pub(crate) fn tell(self, collection: &str, facts: Facts) -> Ownership {
        Ownership {
            collection: collection.to_owned(),
            hold: self.held(facts.now).cloned(),
            position: facts.position.max(self.since),
            run: facts.run,
            rows: facts.rows,
            store: self.store,
            lineage: self.lineage,
            role: self.role,
            epoch: self.epoch,
            since: self.since,
            grant: self.grant,
            followed: self.followed,
            successor: self.successor,
            max_rows_per_second: self.max_rows_per_second,
            forwarded: self.forwarded,
        }
    }

    /// What the store is to whoever uses it: one that was cancelled owns nothing, though it may become
    /// anything.
    pub(crate) fn acts_as(&self) -> Role {
        if self.forwarded.is_some() { Role::Retired } else { self.role }
    }

    /// How far the store is, whose own feed is at `latest`.
    pub(crate) fn position(&self, latest: u64) -> Position {
        match &self.followed {
            Some(followed) => followed.covered,
            None => Position { epoch: self.epoch, at: latest.max(self.since) },
        }
    }

    /// The hold that has not passed.
    pub(crate) fn held(&self, now: Timestamp) -> Option<&Hold> {
        // Where the clock was set back, a hold must not last for as long as that.
        let longest = now.unix_ms.saturating_add(MAX_HOLD.as_millis() as i64);
        let lasts = |hold: &&Hold| hold.until > now && hold.until.unix_ms <= longest;
        self.hold.as_ref().filter(lasts)
    }

    /// Whether what the store has may be read: all that there was at some time, and not a part of it.
    pub(crate) fn serves(&self) -> bool {
        match self.acts_as() {
            Role::Primary => true,
            // Who granted had everything.
            Role::Follower => self.followed.as_ref().is_none_or(|followed| followed.copied),
            Role::Retired => false,
        }
    }

    /// Whom a refused write may be sent to.
    pub(crate) fn owner(&self) -> Option<String> {
        let elsewhere = self.role != Role::Primary;
        let successor = self.successor.as_ref().filter(|_| elsewhere);
        successor.map(|peer| &peer.url).or(self.forwarded.as_ref()).cloned()
    }

    /// The grant whose successor was not seen to take over.
    fn open_grant(&self) -> Option<&Grant> {
        let waits = self.role == Role::Follower && self.followed.is_none();
        self.grant.as_ref().filter(|_| waits)
    }

    fn not_primary(&self) -> MoveError {
        MoveError::NotPrimary { role: self.acts_as(), owner: self.owner() }
    }

    fn not_follower(&self) -> MoveError {
        match self.open_grant() {
            Some(Grant { to, epoch, .. }) => MoveError::GrantOpen { to: to.clone(), epoch: *epoch },
            None => MoveError::NotFollower { role: self.role },
        }
    }

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
        self.hold = None;
        self.successor = Some(to);
        Ok(())
    }

    fn become_primary(&mut self, epoch: u64, since: u64) {
        self.role = Role::Primary;
        self.epoch = epoch;
        self.since = since;
        self.hold = None;
        self.followed = None;
        self.successor = None;
    }

    /// Whether a page, which begins at `from`, is to be applied.
    pub(crate) fn check_page<M>(
        &self,
        from: FeedCursor,
        page: &Changes<M>,
    ) -> Result<(), MoveError> {
        let followed = match &self.followed {
            Some(followed) if self.role == Role::Follower => followed,
            _ => return Err(self.not_follower()),
        };
        if page.store != followed.source.store {
            let (page, followed) = (page.store.clone(), followed.source.store.clone());
            return Err(MoveError::OtherSource { page, followed });
        }
        if page.lineage != self.lineage {
            return Err(MoveError::OtherLineage);
        }
        if page.epoch < self.epoch {
            return Err(MoveError::OldEpoch { page: page.epoch, followed: self.epoch });
        }
        // A source that granted is in its old epoch until it follows its successor. From then on its
        // places no longer are those of the owner.
        let handed_over = page.epoch > self.epoch && page.role != Role::Primary;
        if handed_over || page.role == Role::Retired {
            return Err(MoveError::SourceFollows);
        }
        if followed.cursor != from {
            return Err(MoveError::OtherCursor { present: followed.cursor });
        }
        Ok(())
    }

    /// The entries of a page that are to be applied, and the grant to this store that ends them.
    pub(crate) fn split<'a, M>(&self, page: &'a Changes<M>) -> (&'a [Entry<M>], Option<&'a Grant>) {
        let mine = |grant: &Grant| grant.to.store == self.store && grant.epoch == page.epoch + 1;
        for (place, entry) in page.entries.iter().enumerate() {
            if let Entry::Grant(grant) = entry
                && mine(grant)
            {
                return (&page.entries[..place], Some(grant));
            }
        }
        (&page.entries, None)
    }

    /// Notes that a page was applied.
    pub(crate) fn applied<M>(&mut self, page: &Changes<M>) {
        self.epoch = page.epoch;
        if let Some(followed) = &mut self.followed {
            followed.cursor = page.cursor;
            followed.run = Some(page.run.clone());
            if page.covered > 0 {
                followed.copied = true;
                let covered = Position { epoch: page.epoch, at: page.covered };
                followed.covered = followed.covered.max(covered);
            }
        }
    }

    /// Takes the ownership that was granted, at the store's own place.
    pub(crate) fn promote(&mut self, grant: &Grant, since: u64) {
        self.become_primary(grant.epoch, since);
    }
}
