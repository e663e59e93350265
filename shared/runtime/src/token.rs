//! The token that both sides of a move show each other.

use std::fmt;
use std::str::FromStr;

use crate::secret::is_secret;
use crate::variables::Variables;

/// The fewest characters of a token, so that none can be guessed.
const SHORTEST: usize = 16;

/// What a request to `/-/` must carry.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is no token. Does not show it.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenError;

impl Token {
    /// The value of the header that shows it (RFC 6750, 2.1).
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether the value of an `Authorization` header shows this token. How long that takes tells
    /// nothing of how much of it is right.
    pub fn shown_by(&self, authorization: &[u8]) -> bool {
        const SCHEME: usize = "Bearer ".len();
        let Some((scheme, shown)) = authorization.split_at_checked(SCHEME) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && is_secret(shown, self.0.as_bytes())
    }
}

impl Variables {
    /// A token, which no error shows.
    pub fn token(&mut self, name: &str) -> Option<Token> {
        let read = self.secret(name)?.parse();
        read.map_err(|error| self.wrong(format!("{name}: {error}"))).ok()
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let long = text.len() >= SHORTEST;
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if long && visible { Ok(Self(text.to_owned())) } else { Err(TokenError) }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "takes at least {SHORTEST} visible ASCII characters without a space")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_never_shown() {
        let token: Token = "hunter2hunter2hunter2".parse().unwrap();
        let error = "hunter2".parse::<Token>().unwrap_err();
        for shown in [format!("{token:?}"), format!("{error:?} {error}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn only_the_whole_token_is_shown() {
        let token: Token = "0123456789abcdef".parse().unwrap();
        assert!(token.shown_by(token.bearer().as_bytes()));
        assert!(token.shown_by(b"bearer 0123456789abcdef"));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "0123456789abcdef",
            "Basic 0123456789abcdef",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdeF",
            "Bearer x123456789abcdef",
            "Bearer 0123456789abcdef0",
            "Bearer  0123456789abcdef",
        ] {
            assert!(!token.shown_by(wrong.as_bytes()), "{wrong}");
        }
    }
}
