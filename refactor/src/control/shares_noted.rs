//! The history of canaries and shadows: a change of tags that changes one gets a line.

use std::collections::{BTreeMap, BTreeSet};

use moves::{Moves, RouteNote};
use spaces::{RouteShares, Spaces};

use super::answer::ControlAnswer;
use super::signature::Received;

/// Carries a request out, and notes what it did to canaries and shadows.
pub(super) fn noted(
    (spaces, moves): (&Spaces, &Moves),
    received: &Received,
    by: &str,
    carry_out: impl FnOnce() -> ControlAnswer,
) -> ControlAnswer {
    if received.method == "GET" || !received.path.starts_with("/tags/") {
        return carry_out();
    }
    let before = spaces.shares();
    let answer = carry_out();
    if answer.status == 200 {
        for note in changes(&before, &spaces.shares(), by) {
            moves.note(&note);
        }
    }
    answer
}

fn changes(
    before: &BTreeMap<String, RouteShares>,
    after: &BTreeMap<String, RouteShares>,
    by: &str,
) -> Vec<RouteNote> {
    let mut notes = Vec::new();
    for (route, now) in after {
        let Some(was) = before.get(route) else { continue };
        let about: BTreeSet<_> = was.values.keys().chain(now.values.keys()).collect();
        for about in about {
            let outcome = match (was.values.get(about), now.values.get(about)) {
                (was, now) if was == now => continue,
                (Some(was), Some(now)) => format!("set to {now} %; it was {was} %"),
                (None, Some(now)) => format!("set to {now} %"),
                (Some(was), None) => format!("removed; it was {was} %"),
                (None, None) => continue,
            };
            notes.push(RouteNote {
                application: now.application.clone(),
                route: route.clone(),
                path: now.path.clone(),
                about: (*about).to_owned(),
                outcome,
                by: Some(by.to_owned()),
            });
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spaces::RouteShares;

    use super::changes;

    #[test]
    fn each_share_that_is_another_one_gets_a_note() {
        let shares = |values: &[(&'static str, &str)]| {
            let values =
                values.iter().map(|(about, value)| (*about, (*value).to_owned())).collect();
            let (application, path) = ("app".to_owned(), "/users".to_owned());
            BTreeMap::from([("rte".to_owned(), RouteShares { application, path, values })])
        };
        let before = shares(&[("canary", "5"), ("shadow", "10")]);
        let after = shares(&[("canary", "5"), ("canary steps", "5,50"), ("shadow", "20")]);
        let said = |before: &_, after: &_| {
            let notes = changes(before, after, "KEY").into_iter();
            notes
                .map(|note| format!("{} {}: {}", note.about, note.path, note.outcome))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            said(&before, &after),
            ["canary steps /users: set to 5,50 %", "shadow /users: set to 20 %; it was 10 %"]
        );
        assert_eq!(said(&after, &before)[0], "canary steps /users: removed; it was 5,50 %");
        assert!(said(&before, &before).is_empty());
    }
}
