//! The control plane's record of a move. It does not decide the primary: the stores do.

use serde::{Deserialize, Serialize};

use proxy::Epoch;
use spaces::ApplicationPath;
use spaces::resource::Protection;

/// A command on a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// The target copies the rows of the source, and follows it.
    Follow,
    /// Both sides are compared, row by row.
    Diff,
    /// The target becomes the primary.
    Switch,
    /// The source becomes the primary again.
    Reverse,
    /// The source retires.
    Complete,
    /// The move ends, and the source stays the primary.
    Cancel,
}

impl Verb {
    /// All of them, as the URL and the command line call them.
    pub const ALL: [(&str, Self); 6] = [
        ("follow", Self::Follow),
        ("diff", Self::Diff),
        ("switch", Self::Switch),
        ("reverse", Self::Reverse),
        ("complete", Self::Complete),
        ("cancel", Self::Cancel),
    ];

    /// As the URL and the command line call it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, verb)| *verb == self).map_or("", |(word, _)| word)
    }
}

/// Which way ownership goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// From the source to the target.
    Switch,
    /// From the target back to the source.
    Reverse,
}

impl Direction {
    pub(super) fn verb(self) -> Verb {
        match self {
            Self::Switch => Verb::Switch,
            Self::Reverse => Verb::Reverse,
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.verb().word()
    }

    /// The primary after the command.
    pub(super) fn primary(self) -> PrimarySide {
        match self {
            Self::Switch => PrimarySide::Target,
            Self::Reverse => PrimarySide::Source,
        }
    }
}

/// The side that the route was last led to, as the primary of the collection. The stores may know better; this is
/// used when no store answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PrimarySide {
    #[default]
    Source,
    /// The source follows it: there is a way back.
    Target,
    /// The source is retired.
    TargetForGood,
}

/// A collection that moves: from the service of the application's DEFAULT route to a service of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MoveRecord {
    /// Random; part of the tokens with which service and route are made, so that each is made once.
    pub(super) id: String,
    pub(super) region: String,
    pub(super) environment: String,
    pub(super) application: String,
    pub(super) collection: String,
    /// The collection's URL at each side, such as `http://127.0.0.1:3001/api/users`.
    pub(super) source: String,
    pub(super) target: String,
    /// What was made for the move, and goes when it is cancelled.
    pub(super) made: MadeResources,
    #[serde(default)]
    pub(super) primary: PrimarySide,
    /// The epoch of that ownership; none before the first change of primary.
    #[serde(default)]
    pub(super) epoch: Option<u64>,
    /// What was written in an epoch below this one may be lost, for its primary was given up by force; 0 if none ever was.
    #[serde(default)]
    pub(super) lost_below: u64,
    /// What was begun and is not known to have ended.
    pub(super) pending: Option<Intent>,
    /// How the last command ended.
    pub(super) last: Option<Outcome>,
}

impl MoveRecord {
    pub(super) fn place(&self) -> ApplicationPath {
        ApplicationPath {
            region: self.region.clone(),
            environment: self.environment.clone(),
            application: self.application.clone(),
        }
    }

    /// What the proxy has to know of it.
    pub(super) fn told(&self) -> Epoch {
        Epoch { present: self.epoch.unwrap_or_default(), lost_below: self.lost_below }
    }

    /// What the move needs its route for. Once it is completed it needs none: nothing would ever let the route go.
    pub(super) fn protection(&self) -> Option<Protection> {
        let (collection, primary) = (self.collection.clone(), self.target.clone());
        let protection = Protection::LeadsToPrimary { collection, primary };
        (self.primary == PrimarySide::Target).then_some(protection)
    }

    pub(super) fn key(&self) -> MoveId {
        (self.application.clone(), self.collection.clone())
    }
}

/// What names a move: its application and its collection.
pub(super) type MoveId = (String, String);

/// Resources that did not exist before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MadeResources {
    pub(super) service: Option<String>,
    pub(super) route: Option<String>,
}

/// A change of ownership that is under way: written down before its first step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(super) direction: Direction,
    /// The id of the fence. No other coordinator has it, so no other one can use the fence.
    pub(super) id: String,
    /// The store that is the primary, and the one that is to become it.
    pub(super) from: String,
    pub(super) to: String,
    /// The epoch before it.
    pub(super) epoch: u64,
    pub(super) began_ms: i64,
    /// The last step that is known to have been done.
    pub(super) step: SwitchStep,
    /// Of a take by force: below which epoch writes could be lost before it.
    #[serde(default)]
    pub(super) by_force: Option<u64>,
}

/// The steps of a switch, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SwitchStep {
    Intent,
    Fenced,
    CaughtUp,
    HandedOver,
    Promoted,
    Flipped,
    FollowedBack,
    Compared,
}

impl SwitchStep {
    /// What has been done when it is.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Intent => "the intent is written down",
            Self::Fenced => "the primary fences its writes",
            Self::CaughtUp => "the follower has every change",
            Self::HandedOver => "ownership is handed over",
            Self::Promoted => "the follower is the primary",
            Self::Flipped => "the route leads to the primary",
            Self::FollowedBack => "the former primary follows",
            Self::Compared => "the last changed rows are compared",
        }
    }

    /// The name of the point after this step at which a test can stop the control plane.
    pub(super) fn fault(self) -> &'static str {
        match self {
            Self::Intent => "moves.intent",
            Self::Fenced => "moves.fenced",
            Self::CaughtUp => "moves.caught-up",
            Self::HandedOver => "moves.handed-over",
            Self::Promoted => "moves.promoted",
            Self::Flipped => "moves.flipped",
            Self::FollowedBack => "moves.followed-back",
            Self::Compared => "moves.compared",
        }
    }
}

/// How a command ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(super) verb: Verb,
    /// Whether it did what it was asked for.
    pub(super) done: bool,
    /// In a sentence.
    pub(super) outcome: String,
    /// For how long no store took writes.
    pub(super) pause_ms: Option<u64>,
    pub(super) at_ms: i64,
    pub(super) steps: Vec<StepTaken>,
}

/// A step that was taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StepTaken {
    pub(super) step: SwitchStep,
    pub(super) text: String,
    /// Since the command began.
    pub(super) ms: u64,
}
