//! What a client was answered, and so what its members must be.

use fastrand::Rng;
use reqwest::StatusCode;
use serde_json::Value;

use crate::board::Answer;
use crate::content::{Collection, MemberContent, Token};
use crate::differences::shown;

/// What one client knows of its members.
pub(crate) struct Ledger {
    run: u64,
    pub(crate) client: u32,
    members: Vec<LoadedMember>,
    /// Places of the members of each collection that are there and can be written again.
    living: [Vec<usize>; 3],
}

/// What a member says; `None`: it is not there.
pub(crate) type State = Option<MemberContent>;

/// A member that the client made, or tried to.
pub(crate) struct LoadedMember {
    pub(crate) collection: Collection,
    pub(crate) token: Token,
    /// `None` if the answer that would have told it was lost.
    pub(crate) id: Option<u64>,
    /// Of the last write that was answered.
    pub(crate) etag: String,
    /// What it is after that write.
    pub(crate) sure: State,
    /// What it may be as well, after a write whose answer was lost.
    pub(crate) unsure: Option<State>,
}

impl Ledger {
    pub(crate) fn new(run: u64, client: u32) -> Self {
        Self { run, client, members: Vec::new(), living: Default::default() }
    }

    pub(crate) fn members(&self) -> &[LoadedMember] {
        &self.members
    }

    /// The token of the next member.
    pub(crate) fn next_token(&self) -> Token {
        Token { run: self.run, client: self.client, number: self.members.len() as u32 }
    }

    /// Notes a member that was made.
    pub(crate) fn made(
        &mut self,
        collection: Collection,
        id: u64,
        etag: String,
        content: MemberContent,
    ) -> usize {
        let (token, place) = (self.next_token(), self.members.len());
        let (id, sure) = (Some(id), Some(content));
        self.members.push(LoadedMember { collection, token, id, etag, sure, unsure: None });
        self.living[collection as usize].push(place);
        place
    }

    /// Notes a member that may have been made.
    pub(crate) fn maybe_made(&mut self, collection: Collection, content: MemberContent) {
        let (token, etag, unsure) = (self.next_token(), String::new(), Some(Some(content)));
        self.members.push(LoadedMember { collection, token, id: None, etag, sure: None, unsure });
    }

    /// Notes a change or a deletion.
    pub(crate) fn changed(&mut self, place: usize, etag: String, state: State) {
        let member = &mut self.members[place];
        (member.etag, member.sure) = (etag, state);
        if state.is_none() {
            self.leave(place);
        }
    }

    /// Notes a write that may have been done. The member is left alone from now on: only the board knows what it is.
    pub(crate) fn maybe(&mut self, place: usize, state: State) {
        self.members[place].unsure = Some(state);
        self.leave(place);
    }

    /// Writes the member no more.
    pub(crate) fn leave(&mut self, place: usize) {
        let living = &mut self.living[self.members[place].collection as usize];
        if let Some(found) = living.iter().position(|living| *living == place) {
            living.swap_remove(found);
        }
    }

    /// A member of the collection that is there and can be written.
    pub(crate) fn living(&self, collection: Collection, random: &mut Rng) -> Option<usize> {
        random.choice(&self.living[collection as usize]).copied()
    }

    /// A member of which it is sure what it is, if that can be had easily.
    pub(crate) fn any(&self, random: &mut Rng) -> Option<usize> {
        let place = random.choice(0..self.members.len())?;
        self.members[place].unsure.is_none().then_some(place)
    }
}

impl LoadedMember {
    /// Whether one of the states that the member may be in is so.
    pub(crate) fn may_be(&self, is: impl Fn(State) -> bool) -> bool {
        is(self.sure) || self.unsure.is_some_and(is)
    }

    /// What an answer of 200 or 404 says of the member that it cannot be, as the rest of a sentence.
    pub(crate) fn differs_from(&self, answer: &Answer) -> Option<String> {
        if answer.status == StatusCode::NOT_FOUND {
            let right = self.may_be(|state| state.is_none());
            return (!right).then(|| "is not there".to_owned());
        }
        self.differs_from_read(&answer.json()).or_else(|| {
            let wrong = self.unsure.is_none() && answer.etag != self.etag;
            wrong.then(|| format!("has the ETag {}, not {}", answer.etag, self.etag))
        })
    }

    /// The same for a member in a list, without its tag.
    pub(crate) fn differs_from_read(&self, member: &Value) -> Option<String> {
        let differs = |content| self.collection.differs(member, self.token, content);
        if self.may_be(|state| state.is_some_and(|content| differs(content).is_none())) {
            return None;
        }
        let Some(content) = self.sure else {
            return Some("is there, although it was deleted or never made so".to_owned());
        };
        let (field, must) = differs(content)?;
        Some(format!("has the {field} {}, not {}", shown(&member[&field]), shown(&must)))
    }
}
