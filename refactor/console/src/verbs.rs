//! The commands on a move: which of them can be given now, and what each does.

use moves::Move;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verb {
    /// As the API calls it.
    pub(crate) word: &'static str,
    /// As a button calls it, before the collection's name.
    pub(crate) label: &'static str,
    /// Whether nothing leads back.
    pub(crate) is_final: bool,
    /// Whether the control plane looks first, and changes nothing then.
    pub(crate) has_dry_run: bool,
}

const FOLLOW: Verb = Verb { word: "follow", label: "Follow", is_final: false, has_dry_run: false };
const DIFF: Verb = Verb { word: "diff", label: "Compare", is_final: false, has_dry_run: false };
const SWITCH: Verb = Verb { word: "switch", label: "Switch", is_final: false, has_dry_run: true };
const REVERSE: Verb =
    Verb { word: "reverse", label: "Reverse", is_final: false, has_dry_run: true };
const COMPLETE: Verb =
    Verb { word: "complete", label: "Complete", is_final: true, has_dry_run: false };
const CANCEL: Verb = Verb { word: "cancel", label: "Cancel", is_final: false, has_dry_run: false };

/// All of them, in the order of a move.
pub(crate) const ALL: [Verb; 6] = [FOLLOW, DIFF, SWITCH, REVERSE, COMPLETE, CANCEL];

impl Verb {
    /// The command of that name.
    pub(crate) fn of(word: &str) -> Option<Self> {
        ALL.into_iter().find(|verb| verb.word == word)
    }

    /// Why it cannot be given in a phase; nothing if it can. The control plane decides: this only leaves out buttons that
    /// would be refused.
    pub(crate) fn obstacle(self, found: &Move) -> Option<&'static str> {
        let phase = found.phase.as_str();
        let before = ["not followed", "copying", "following"];
        match (self.word, phase) {
            (_, "completed") => Some("the move is completed"),
            ("cancel", "superseded") => None,
            (_, "superseded") => {
                Some("a change by force has overtaken a side; cancel forgets the move")
            }
            ("follow", "not followed" | "copying" | "following" | "unknown") => None,
            ("follow", _) => Some("the service has data of its own or is the primary"),
            ("diff", "following" | "switched") => None,
            ("diff", _) => Some("there is no whole copy"),
            ("switch", "following" | "handed-over") => None,
            ("switch", "switched") => Some("the service is the primary already"),
            ("switch", _) => Some("there is no whole copy yet"),
            ("reverse", "switched" | "handed-over" | "unknown") => None,
            ("reverse", _) => Some("only after a switch"),
            ("complete", "switched") => None,
            ("complete", _) => Some("only after a switch"),
            ("cancel", "switched" | "handed-over") => Some("reverse it first"),
            ("cancel", phase)
                if before.contains(&phase) || phase == "unknown" || phase == "apart" =>
            {
                None
            }
            _ => Some("not now"),
        }
    }

    /// The next step of a move in this phase.
    pub(crate) fn is_next(self, found: &Move) -> bool {
        let verified = found.diff.state == "verified";
        match found.phase.as_str() {
            "not followed" => self == FOLLOW,
            "following" if verified => self == SWITCH,
            "following" => self == DIFF,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ALL;

    #[test]
    fn a_move_that_was_overtaken_can_be_forgotten_and_nothing_else() {
        let side = json!({ "url": "http://a/users" });
        let found = json!({
            "collection": "users", "application": "app", "phase": "superseded",
            "source": side, "target": side, "diff": { "state": "not done" },
        });
        let found = serde_json::from_value(found).unwrap();
        let open = ALL.into_iter().filter(|verb| verb.obstacle(&found).is_none());
        assert_eq!(open.map(|verb| verb.word).collect::<Vec<_>>(), ["cancel"]);
    }
}
