//! What is wrong with a board.

use std::collections::BTreeMap;

use serde_json::Value;

/// No text of a difference is much longer.
const SHOWN_CHARACTERS: usize = 120;
/// No place says more.
const SHOWN_OF_A_PLACE: usize = 4;

/// What is wrong, by place: `/users/17`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences(pub(crate) BTreeMap<String, Vec<String>>);

impl Differences {
    pub(crate) fn add(&mut self, place: String, what: String) {
        let said = self.0.entry(place).or_default();
        if said.len() < SHOWN_OF_A_PLACE && !said.contains(&what) {
            said.push(what);
        }
    }

    pub(crate) fn extend(&mut self, others: Self) {
        for (place, all) in others.0 {
            all.into_iter().for_each(|what| self.add(place.clone(), what));
        }
    }
}

/// A member in a sentence.
pub(crate) fn shown(member: &Value) -> String {
    let text = member.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
