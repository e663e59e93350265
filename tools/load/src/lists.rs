//! The lists of the whole board against the ledgers: nothing is missing, nothing is there twice, nothing is older.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::content::{Collection, Token};
use crate::differences::{Differences, shown};
use crate::ledger::{Ledger, LoadedMember};

/// The ledgers, and what of them was seen so far.
pub(crate) struct Lists<'a> {
    run: u64,
    by_id: HashMap<(Collection, u64), &'a LoadedMember>,
    by_token: HashMap<Token, &'a LoadedMember>,
    seen: HashSet<(Collection, u64)>,
    /// The member in which each token was seen first.
    tokens: HashMap<Token, u64>,
    differences: Differences,
}

impl<'a> Lists<'a> {
    pub(crate) fn new(run: u64, ledgers: impl Iterator<Item = &'a Ledger>) -> Self {
        let (mut by_id, mut by_token) = (HashMap::new(), HashMap::new());
        for member in ledgers.flat_map(Ledger::members) {
            by_id.extend(member.id.map(|id| ((member.collection, id), member)));
            by_token.insert(member.token, member);
        }
        let (seen, tokens) = (HashSet::new(), HashMap::new());
        Self { run, by_id, by_token, seen, tokens, differences: Differences::default() }
    }

    /// Takes one member of a list, in its full view.
    pub(crate) fn member(&mut self, collection: Collection, member: &Value) {
        let Some(id) = member["id"].as_u64() else {
            let what = format!("lists what has no id: {}", shown(member));
            return self.differences.add(format!("/{}", collection.name()), what);
        };
        let place = collection.place(id);
        if !self.seen.insert((collection, id)) {
            self.differences.add(place.clone(), "is listed twice".to_owned());
        }
        let known = self.by_id.get(&(collection, id)).copied();
        if let Some(what) = known.and_then(|known| known.differs_from_read(member)) {
            self.differences.add(place.clone(), format!("in the list, it {what}"));
        }
        let Some(token) = collection.token(member).filter(|token| token.run == self.run) else {
            return;
        };
        let first = *self.tokens.entry(token).or_insert(id);
        if first != id {
            self.differences.add(place.clone(), format!("is {first} once more: {token}"));
        }
        if known.is_none() {
            let what = self.of_unknown_id(token, member);
            what.into_iter().for_each(|what| self.differences.add(place.clone(), what));
        }
    }

    /// What is wrong with a member whose id no answer named.
    fn of_unknown_id(&self, token: Token, member: &Value) -> Option<String> {
        match self.by_token.get(&token) {
            // Its answer was lost.
            Some(known) if known.id.is_none() => known.differs_from_read(member),
            Some(_) => Some(format!("is a copy that no request made: {token}")),
            None => Some(format!("was made by no request: {}", shown(member))),
        }
    }

    /// What is wrong, now that everything was listed.
    pub(crate) fn end(mut self) -> Differences {
        for ((collection, id), member) in &self.by_id {
            let must = !member.may_be(|state| state.is_none());
            if must && !self.seen.contains(&(*collection, *id)) {
                self.differences.add(collection.place(*id), "is not in the list".to_owned());
            }
        }
        self.differences
    }
}
