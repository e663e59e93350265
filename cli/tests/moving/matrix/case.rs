//! What a case of the matrix is.

use crate::board::{CLI, CONTROL, FEED};

/// What is broken, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// The program that comes to a place,
    pub(crate) who: Who,
    pub(crate) place: &'static str,
    /// and what happens then.
    pub(crate) then: Then,
}

/// A program, by its part in the change of the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Owns the collection when it begins.
    Primary,
    /// Is to own it.
    Follower,
    /// The control plane, and the proxy.
    Control,
    /// The command.
    Cli,
}

/// What happens to the one that comes to the place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// It crashes; at the same time another one is killed, perhaps.
    Crash(Option<Who>),
    /// It stands still, until something was done and the fence's time has passed.
    Stop(Deed),
}

/// What is done while one stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// Nothing: it is just late.
    Wait,
    /// Another one is killed, and started again.
    Kill(Who),
    /// A network breaks; it is whole again when the command has ended, or a while later.
    Cut(Way),
    /// A network lets nothing through, likewise.
    Swallow(Way),
}

/// A network between primary and follower.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Through which the follower reads the primary's feed.
    There,
    /// Through which the former primary is to read the follower's.
    Back,
}

/// The command that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Switch,
    Reverse,
}

impl Verb {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Reverse => "reverse",
        }
    }

    /// The primary, and the one that is to be it.
    pub(crate) fn sides(self) -> [&'static str; 2] {
        match self {
            Self::Switch => ["monolith", "users"],
            Self::Reverse => ["users", "monolith"],
        }
    }
}

impl Who {
    pub(crate) fn name(self, verb: Verb) -> &'static str {
        let [primary, follower] = verb.sides();
        match self {
            Self::Primary => primary,
            Self::Follower => follower,
            Self::Control => CONTROL,
            Self::Cli => CLI,
        }
    }
}

impl Way {
    /// The relay's name.
    pub(crate) fn name(self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Self::There, Verb::Switch) => FEED,
            (Self::There, Verb::Reverse) | (Self::Back, Verb::Switch) => "users",
            (Self::Back, Verb::Reverse) => "monolith",
        }
    }
}

/// One comes to a place and crashes.
pub(crate) const fn crash(who: Who, place: &'static str) -> Case {
    Case { who, place, then: Then::Crash(None) }
}

/// One comes to a place and crashes, and another one is killed.
pub(crate) const fn crash_both(who: Who, place: &'static str, other: Who) -> Case {
    Case { who, place, then: Then::Crash(Some(other)) }
}

/// One comes to a place and stands still, and something is done.
pub(crate) const fn stop(who: Who, place: &'static str, deed: Deed) -> Case {
    Case { who, place, then: Then::Stop(deed) }
}

/// Makes a test of each case for a pair of engines.
#[macro_export]
macro_rules! matrix {
    ($($case:ident: $what:expr;)*) => {
        $(const fn $case() -> $crate::matrix::case::Case { $what })*
        mod sqlite_to_sqlite {
            $crate::matrix_on! { Sqlite, Sqlite; $($case)* }
        }
    };
}

/// Makes a test of some cases of the module above for a pair of engines. Those with PostgreSQL are ignored: they need
/// `TEST_DATABASE_URL`.
#[macro_export]
macro_rules! matrix_on {
    (Sqlite, Sqlite; $($case:ident)*) => {
        use $crate::board::Engine;
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::matrix::driver::run(Engine::Sqlite, Engine::Sqlite, super::$case()).await;
        })*
    };
    ($source:ident, $target:ident; $($case:ident)*) => {
        use $crate::board::Engine;
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "needs TEST_DATABASE_URL"]
        async fn $case() {
            $crate::matrix::driver::run(Engine::$source, Engine::$target, super::$case()).await;
        })*
    };
}
