//! What a board is made of.

use std::collections::BTreeMap;

use harness::free_port;

use super::CONTROL;

/// The programs with collections, in the order in which they start.
const PROGRAMS: [&str; 4] = ["monolith", "users", "threads", "posts"];

/// The second programs on the databases of the first ones.
const TWINS: [(&str, &str); 2] = [("monolith", "monolith-2"), ("users", "users-2")];

/// The databases of a board's stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    /// A database for each program.
    Postgres,
}

/// What a board is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Of the monolith's store, and of the services'.
    pub(crate) engines: [Engine; 2],
    /// The programs with collections, the monolith first.
    pub(crate) programs: &'static [&'static str],
    /// Whether the programs reach each other through relays.
    pub(crate) relayed: bool,
    /// Whether there are two programs of each on one database, behind the relay of both.
    pub(crate) twice: bool,
    /// Whether the monolith's database is on the small disk that `TEST_SMALL_DISK` names.
    pub(crate) small: bool,
    /// Whether the proxy serves the application at the root, and collections are named by their whole path.
    pub(crate) at_root: bool,
}

impl Plan {
    /// Every program.
    pub(crate) fn whole(source: Engine, target: Engine) -> Self {
        Self {
            engines: [source, target],
            programs: &PROGRAMS,
            relayed: false,
            twice: false,
            small: false,
            at_root: false,
        }
    }

    /// Only users have a service, and every network between the programs can be broken.
    pub(crate) fn users(source: Engine, target: Engine) -> Self {
        Self {
            engines: [source, target],
            programs: &PROGRAMS[..2],
            relayed: true,
            twice: false,
            small: false,
            at_root: false,
        }
    }

    /// Only users have a service, and the proxy serves the application at the root.
    pub(crate) fn at_root() -> Self {
        Self { at_root: true, ..Self::users(Engine::Sqlite, Engine::Sqlite) }
    }

    /// Only users have a service, and it and the monolith are two programs each on one PostgreSQL database.
    pub(crate) fn twice() -> Self {
        Self { twice: true, ..Self::users(Engine::Postgres, Engine::Postgres) }
    }

    /// The programs of a service.
    pub(super) fn programs_of(&self, name: &'static str) -> impl Iterator<Item = &'static str> {
        let twin = TWINS.iter().find(|(first, _)| self.twice && *first == name);
        std::iter::once(name).chain(twin.map(|(_, second)| *second))
    }
}

/// A free port for every program.
pub(super) fn ports() -> BTreeMap<&'static str, u16> {
    let twins = TWINS.into_iter().map(|(_, second)| second);
    let names = PROGRAMS.into_iter().chain(twins).chain([CONTROL, "proxy"]);
    names.map(|name| (name, free_port())).collect()
}
