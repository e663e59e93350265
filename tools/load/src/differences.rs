//! Where the board is not what the ledgers say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::content::Collection;

/// What is wrong, by place: `/users/17`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences(BTreeMap<String, Vec<String>>);

/// No text of a difference is much longer.
const SHOWN_CHARACTERS: usize = 120;
/// No place says more.
const SHOWN_OF_A_PLACE: usize = 4;

/// The place of a member.
pub(crate) fn place(collection: Collection, id: u64) -> String {
    format!("/{}/{id}", collection.name())
}

/// A member in a sentence.
pub(crate) fn shown(member: &Value) -> String {
    let text = member.to_string();
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

impl Differences {
    pub(crate) fn add(&mut self, place: String, what: String) {
        let said = self.0.entry(place).or_default();
        if said.len() < SHOWN_OF_A_PLACE && !said.contains(&what) {
            said.push(what);
        }
    }

    pub(crate) fn extend(&mut self, others: Self) {
        for (place, all) in others.0 {
            for what in all {
                self.add(place.clone(), what);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(place, what)| (place.as_str(), what.as_slice()))
    }
}
