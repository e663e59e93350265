//! What the clients write. Everything in a member follows from its token and a few numbers, so that a ledger is small
//! and every copy can be compared to the letter.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde_json::{Value, json};

/// A collection of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Collection {
    Users,
    Threads,
    Posts,
}

/// Names a member for good: the run and the client that made it, and which of that client's it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token {
    pub(crate) run: u64,
    pub(crate) client: u32,
    pub(crate) number: u32,
}

/// What a member says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberContent {
    /// One more with each change.
    pub(crate) version: u32,
    /// The user that it names, if it names one.
    pub(crate) user: u64,
    /// The thread that it names, if it names one.
    pub(crate) thread: u64,
}

/// Makes texts of different lengths.
pub(crate) const WORDS: &str =
    "and the candy kingdom sleeps while the vampire queen tunes her axe bass";
/// No text has more of them.
pub(crate) const LINES: u32 = 12;

impl Collection {
    pub(crate) const ALL: [Self; 3] = [Self::Users, Self::Threads, Self::Posts];

    pub(crate) fn name(self) -> &'static str {
        ["users", "threads", "posts"][self as usize]
    }

    /// The path of a member below the stage.
    pub(crate) fn place(self, id: u64) -> String {
        format!("/{}/{id}", self.name())
    }

    /// The fields that every change writes anew.
    pub(crate) fn texts(self, token: Token, version: u32) -> Value {
        let title = format!("{token} v{version}");
        let lines = token.number.wrapping_mul(7).wrapping_add(version) % LINES;
        let text = (0..lines).fold(title.clone(), |text, _| format!("{text} {WORDS}"));
        match self {
            Self::Users => json!({"name": title, "bio": text}),
            Self::Threads => json!({"title": title}),
            Self::Posts => json!({"text": text}),
        }
    }

    /// The whole content, as a client sends it and as it is read.
    pub(crate) fn whole(self, token: Token, content: MemberContent) -> Value {
        let mut whole = self.texts(token, content.version);
        match self {
            Self::Users => whole["username"] = token.to_string().into(),
            Self::Threads => whole["createdBy"] = content.user.into(),
            Self::Posts => {
                whole["user"] = content.user.into();
                whole["thread"] = content.thread.into();
            }
        }
        whole
    }

    /// The token in a member that was read, if a client of `banyan load` made it.
    pub(crate) fn token(self, member: &Value) -> Option<Token> {
        let field = ["username", "title", "text"][self as usize];
        member[field].as_str()?.split(' ').next()?.parse().ok()
    }

    /// The first field in which a member that was read does not say this, with what it must be.
    pub(crate) fn differs(
        self,
        member: &Value,
        token: Token,
        content: MemberContent,
    ) -> Option<(String, Value)> {
        let Value::Object(fields) = self.whole(token, content) else { return None };
        fields.into_iter().find(|(field, value)| member[field] != *value)
    }
}

/// Fits a username: `19ac2b3d4e5f6-31-2047`.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}-{}", self.run, self.client, self.number)
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or(());
        let run = u64::from_str_radix(part()?, 16).map_err(drop)?;
        let client = part()?.parse().map_err(drop)?;
        let number = part()?.parse().map_err(drop)?;
        let token = Self { run, client, number };
        // There is one way to write it.
        if token.to_string() == text { Ok(token) } else { Err(()) }
    }
}
