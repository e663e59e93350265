//! The token that the programs of a board share: whoever has it may move their data.

use std::fmt;

/// The fewest characters of a token, as every program of the board counts them.
const LEAST: usize = 16;

/// A token for the paths under `/-/`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// Reads a token: at least 16 visible ASCII characters, which a header can carry.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (visible && text.len() >= LEAST).then(|| Self(text.to_owned()))
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
