//! What a client was answered, and so what its members must be.

use fastrand::Rng;

use super::content::{Collection, Content, Token};

/// What one client knows of its members.
pub(crate) struct Ledger {
    run: u64,
    client: u32,
    members: Vec<Member>,
    /// Places of the members of each collection that are there and can be written again.
    living: [Vec<usize>; 3],
}

/// A member that the client made, or tried to.
pub(crate) struct Member {
    pub(crate) collection: Collection,
    pub(crate) token: Token,
    /// None where the answer that would have told it was lost.
    pub(crate) id: Option<u64>,
    /// Of the last write that was answered.
    pub(crate) etag: String,
    /// What it is after that write.
    pub(crate) sure: State,
    /// What it may be as well, after a write whose answer was lost.
    pub(crate) unsure: Option<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present(Content),
}

impl Ledger {
    pub(crate) fn new(run: u64, client: u32) -> Self {
        Self { run, client, members: Vec::new(), living: Default::default() }
    }

    /// The number of the client.
    pub(crate) fn client(&self) -> u32 {
        self.client
    }

    pub(crate) fn members(&self) -> &[Member] {
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
        content: Content,
    ) -> usize {
        let token = self.next_token();
        let (sure, place) = (State::Present(content), self.members.len());
        let id = Some(id);
        self.members.push(Member { collection, token, id, etag, sure, unsure: None });
        self.living[collection as usize].push(place);
        place
    }

    /// Notes a member that may have been made.
    pub(crate) fn maybe_made(&mut self, collection: Collection, content: Content) {
        let (token, etag) = (self.next_token(), String::new());
        let (sure, unsure) = (State::Absent, Some(State::Present(content)));
        self.members.push(Member { collection, token, id: None, etag, sure, unsure });
    }

    /// Notes a change.
    pub(crate) fn changed(&mut self, place: usize, etag: String, content: Content) {
        let member = &mut self.members[place];
        member.etag = etag;
        member.sure = State::Present(content);
    }

    /// Notes a deletion.
    pub(crate) fn deleted(&mut self, place: usize) {
        self.members[place].sure = State::Absent;
        self.leave(place);
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

    pub(crate) fn member(&self, place: usize) -> &Member {
        &self.members[place]
    }
}

impl Member {
    /// Every state that the member may be in.
    pub(crate) fn may_be(&self, state: impl Fn(State) -> bool) -> bool {
        state(self.sure) || self.unsure.is_some_and(state)
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::{Ledger, State};
    use crate::load::content::{Collection, Content};

    const CONTENT: Content = Content { version: 1, user: 1, thread: 1 };

    #[test]
    fn what_was_deleted_or_is_unsure_is_not_written_again() {
        let (mut ledger, mut random) = (Ledger::new(7, 0), Rng::with_seed(1));
        let posts = Collection::Posts;
        let places = [1, 2, 3].map(|id| ledger.made(posts, id, String::new(), CONTENT));
        ledger.deleted(places[0]);
        ledger.maybe(places[2], State::Absent);
        ledger.maybe_made(posts, CONTENT);
        assert_eq!(ledger.living(posts, &mut random), Some(places[1]));
        ledger.leave(places[1]);
        assert_eq!(ledger.living(posts, &mut random), None);
        assert_eq!(ledger.living(Collection::Users, &mut random), None);
    }

    #[test]
    fn no_token_is_given_twice() {
        let mut ledger = Ledger::new(7, 0);
        let first = ledger.next_token();
        ledger.maybe_made(Collection::Users, CONTENT);
        let second = ledger.next_token();
        ledger.made(Collection::Users, 1, String::new(), CONTENT);
        assert!(first != second && second != ledger.next_token() && first != ledger.next_token());
    }
}
