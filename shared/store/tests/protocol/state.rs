//! One moment of the whole: what the stores have on disk, what runs in them, and what was sent.

use crate::model::Model;

/// A store, by its number.
pub(crate) type Name = u8;
pub(crate) type Epoch = u8;
/// A place in a feed: how many entries come before it.
pub(crate) type Place = u8;
/// The number of a member's state.
pub(crate) type Rev = u8;

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) stores: Vec<Store>,
    pub(crate) writes: Vec<Write>,
    pub(crate) moves: Vec<Move>,
    /// What the proxy remembers of each write.
    pub(crate) memory: Vec<Memory>,
    /// The rev that each write gave the member that they all change; 0 before it is committed. Only if the model
    /// takes by force: otherwise a rev is the number of commits.
    pub(crate) revs: Vec<Rev>,
    /// Every ownership that ever began.
    pub(crate) promotions: Vec<(Epoch, Name)>,
    /// The epoch that the proxy was told; answers of earlier ones do not count.
    pub(crate) told: Epoch,
    /// An operator took the collection back by force.
    pub(crate) taken: bool,
}

/// How far a store is.
pub(crate) type Position = (Epoch, Place);

/// What the proxy remembers of an answered write.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Memory {
    Nothing,
    /// A store has to have come so far to answer a read of the client that wrote it.
    Known(Position),
    /// It was known, and any store may answer.
    Forgotten,
}

/// A store of the collection. All of it is on disk but `handing over`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) role: Role,
    /// Of the ownership that it has or follows.
    pub(crate) epoch: Epoch,
    /// Its own feed; what it copied is in it too.
    pub(crate) feed: Vec<Entry>,
    /// The place in its own feed at which it became primary of its epoch.
    pub(crate) since: Place,
    pub(crate) fence: Option<Fence>,
    /// The store that it copies. A store that handed over copies none until its successor is primary.
    pub(crate) followed: Option<Followed>,
    /// The last handover that it gave.
    pub(crate) given: Option<Handover>,
    /// The move for which the adapter sends no write to the program any more, and whether the program has ended all that it
    /// had. In memory.
    pub(crate) closed: Option<(u8, bool)>,
    /// The move whose handover was checked and is not committed.
    pub(crate) handing_over: Option<u8>,
    /// No state that is still to come gets a rev up to this one.
    pub(crate) revs_above: Rev,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Primary,
    Follower,
    /// It found out that it was given up by force.
    Retired,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Entry {
    /// A write has this place and runs. It may commit after one that has a later place.
    Open(u8),
    /// Of a write that was rolled back.
    Nothing,
    Write(u8),
    Handover(Handover),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Handover {
    pub(crate) epoch: Epoch,
    pub(crate) to: Name,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fence {
    /// The move that holds.
    pub(crate) by: u8,
    pub(crate) passed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Followed {
    pub(crate) source: Name,
    /// The place of the source's feed at which it began.
    pub(crate) start: Place,
    pub(crate) cursor: Place,
}

/// A client's write.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    /// No store has taken it. One that answers 421 has not, so the proxy still has it.
    Unsent,
    /// The adapter sent it to the program, or it began past the adapter; the database has not checked it.
    Begun(Name),
    /// The database refused it, and the program told the client of an error.
    Refused,
    /// Checked under the fence's shared lock, without a place in the feed.
    Checked(Name),
    /// It has its place and is not committed.
    Placed(Name, Place),
    /// Committed, not answered.
    Stored(Name),
    Answered,
    /// Its store crashed: it may have been stored or not, and it is not sent again.
    Unknown,
}

/// A coordinator's attempt to move the collection. What it can have sent may arrive at any time, many times, or never;
/// that it dies needs no word, since nothing says that it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Move {
    pub(crate) from: Name,
    pub(crate) to: Name,
    /// The epoch that it saw.
    pub(crate) epoch: Epoch,
    /// The source said that it is fenced; it need not be any more.
    pub(crate) fenced: bool,
}

impl State {
    /// The first store is primary, the others begin to follow it.
    pub(crate) fn new(model: &Model) -> Self {
        let store = |name| Store {
            role: if name == 0 { Role::Primary } else { Role::Follower },
            epoch: 1,
            feed: Vec::new(),
            since: 0,
            fence: None,
            followed: (name != 0).then_some(Followed { source: 0, start: 0, cursor: 0 }),
            given: None,
            closed: None,
            handing_over: None,
            revs_above: 0,
        };
        Self {
            stores: (0..model.stores).map(store).collect(),
            writes: vec![Write::Unsent; model.writes.into()],
            moves: Vec::new(),
            memory: vec![Memory::Nothing; model.writes.into()],
            revs: vec![0; model.writes.into()],
            promotions: vec![(1, 0)],
            told: 0,
            taken: false,
        }
    }

    pub(crate) fn store(&self, name: Name) -> &Store {
        &self.stores[usize::from(name)]
    }

    pub(crate) fn store_mut(&mut self, name: Name) -> &mut Store {
        &mut self.stores[usize::from(name)]
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = Name> + use<> {
        (0..).take(self.stores.len())
    }

    /// Whether the collection was taken from the store by force, whatever it believes.
    pub(crate) fn is_superseded(&self, store: &Store) -> bool {
        let newest = self.promotions.iter().map(|(epoch, _)| *epoch).max();
        self.taken && newest.is_some_and(|newest| store.epoch < newest)
    }

    /// The last rev of the member, as the store knows it.
    pub(crate) fn last_rev(&self, name: Name) -> Rev {
        let store = self.store(name);
        let revs = store.writes().map(|write| self.revs[usize::from(write)]);
        revs.fold(store.revs_above, Rev::max)
    }

    /// Whether writes run in the store.
    pub(crate) fn is_writing(&self, name: Name) -> bool {
        self.writes.iter().any(|write| match write {
            Write::Checked(store) | Write::Placed(store, _) => *store == name,
            Write::Unsent
            | Write::Begun(_)
            | Write::Refused
            | Write::Stored(_)
            | Write::Answered
            | Write::Unknown => false,
        })
    }

    /// Whether a write comes through the adapter: all but the last one do.
    pub(crate) fn is_adapted(&self, write: u8) -> bool {
        usize::from(write) + 1 < self.writes.len()
    }

    /// Whether the program of the store works on a write that came through the adapter.
    pub(crate) fn is_working(&self, name: Name) -> bool {
        let works = |stage: &Write| match stage {
            Write::Begun(store) | Write::Checked(store) | Write::Placed(store, _) => *store == name,
            Write::Unsent
            | Write::Refused
            | Write::Stored(_)
            | Write::Answered
            | Write::Unknown => false,
        };
        (0..).zip(&self.writes).any(|(write, stage)| self.is_adapted(write) && works(stage))
    }
}

impl Store {
    /// The move that holds it now.
    pub(crate) fn fenced_by(&self) -> Option<u8> {
        self.fence.filter(|fence| !fence.passed).map(|fence| fence.by)
    }

    pub(crate) fn takes_writes(&self) -> bool {
        self.role == Role::Primary && self.fenced_by().is_none()
    }

    /// How far it is, as it says with each answer.
    pub(crate) fn position(&self) -> Position {
        (self.epoch, self.followed.map_or(self.end(), |followed| followed.cursor))
    }

    /// The end of its feed.
    pub(crate) fn end(&self) -> Place {
        self.feed.len() as Place
    }

    pub(crate) fn writes(&self) -> impl Iterator<Item = u8> {
        written(&self.feed)
    }
}

/// The writes among the entries, in their order.
pub(crate) fn written(feed: &[Entry]) -> impl Iterator<Item = u8> {
    feed.iter().filter_map(|entry| match entry {
        Entry::Write(write) => Some(*write),
        Entry::Open(_) | Entry::Nothing | Entry::Handover(_) => None,
    })
}
