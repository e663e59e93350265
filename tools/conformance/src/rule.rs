//! The rules of `docs/protocol.md` that can be checked from outside.

use std::fmt;

use serde::Serialize;

macro_rules! rules {
    ($($rule:ident $about:literal,)*) => {
        /// A rule of `docs/protocol.md`, which says it in full.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[expect(missing_docs, reason = "docs/protocol.md has them")]
        pub enum Rule { $($rule,)* }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// Its number.
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => stringify!($rule),)* }
            }

            /// What it asks for, in short.
            pub fn about(self) -> &'static str {
                match self { $(Self::$rule => $about,)* }
            }
        }
    };
}

rules! {
    A1 "without the right token nothing below /-/ exists",
    A2 "a request that came through the proxy counts as one without a token",
    A3 "what cannot be read, or is not known, is refused with 400 and does nothing",
    A4 "a refusal is a problem document with a code and the status of that code",

    O1 "the document of ownership has every member",
    O2 "the store's names stay the same, and its position never goes back",
    O3 "with covers, the answer waits until the store is that far, or the time is over",

    C1 "a store that is not primary, or is fenced, answers a write with 421 and stores nothing",
    C2 "an answer says how far the store was, and contains everything up to there",
    C3 "the position never goes back, and a write raises it",
    C4 "a follower with a whole copy answers reads and names the primary; other stores answer 421",
    C5 "a read that asks for the primary gets 421 from any other store",
    C6 "a new primary gives no key up to lastId",

    F1 "from the start the feed has every row",
    F2 "after a cursor the feed has the newest state of what changed or was deleted",
    F3 "nothing gets a place at or before a cursor that was given out",
    F4 "a page goes on from its cursor, whatever the limit",
    F5 "covered promises only what the pages up to there have",
    F7 "an answer without entries waits until there is one or the time is over",
    F8 "a primary that is followed puts heartbeats into its feed",
    F9 "a reader that knows more than the store is told went_back",
    F11 "a handover is the last entry of its epoch",
    F12 "a retired or cancelled store has no feed, and a follower has one",

    T1 "only a store that was never used begins to follow",
    T2 "a follower takes its source's lineage and epoch; the same source again changes nothing else",
    T5 "a copy is whole with the first page that promises something",
    T6 "a follower tells its source its name and what it has",
    T7 "a handover makes the store primary, and what comes after it is not applied",
    T9 "cancel leaves nothing of the copy",

    S1 "no write is stored between the answer to fence and its end",
    S2 "a fence ends by itself, and lasts at most 60 s",
    S3 "the same fence again begins anew, and another one is refused",
    S4 "release ends a fence, and may come twice",
    S5 "fence and handover are for the store's epoch and take a primary",
    S6 "a handover needs its fence, is given once, and is the same when it is repeated",
    S7 "after a handover the store follows its successor from the successor's since",
    S8 "a store retires only if its successor is known to be primary",
    S11 "a follower that left is forgotten",
    S12 "probe says whether a peer can be asked",

    D1 "equal rows have equal fingerprints, and other rows have others",
    D2 "a digest has the rows in the order of their keys",
    D3 "an answer says how far the store was",
    D4 "a comparison holds up no write",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::Rule;

    #[test]
    fn each_rule_of_the_document_is_known_unless_it_cannot_be_seen_from_outside() {
        let page = include_str!("../../../docs/protocol.md");
        let rules = Regex::new(r"(?m)^- \*\*([A-Z]\d+)\*\* (†)?").unwrap();
        let written = rules.captures_iter(page).filter(|rule| rule.get(2).is_none());
        let mut written: Vec<_> = written.map(|rule| rule[1].to_owned()).collect();
        let mut known: Vec<_> = Rule::ALL.iter().map(|rule| rule.name().to_owned()).collect();
        written.sort();
        known.sort();
        assert_eq!(written, known);
    }
}
