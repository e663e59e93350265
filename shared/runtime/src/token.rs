//! The token that both sides of a move show each other.

use std::fmt;
use std::str::FromStr;

use crate::secret::is_secret;
use crate::variables::Variables;

/// The fewest characters of a token, so that none can be guessed.
const SHORTEST: usize = 16;

/// What a request to `/-/` must carry. Several texts, with a comma in between, are one token that changes: the first one is
/// shown to others, and each of them is taken from others.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    shown: String,
    former: Vec<String>,
}

/// Why a text is no token. Does not show it.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenError;

impl Token {
    /// The value of the header that shows it (RFC 6750, 2.1).
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.shown)
    }

    /// Whether the value of an `Authorization` header shows this token, or one that it takes besides. How long
    /// that takes tells nothing of how much of it is right.
    pub fn shown_by(&self, authorization: &[u8]) -> bool {
        const SCHEME: usize = "Bearer ".len();
        let Some((scheme, shown)) = authorization.split_at_checked(SCHEME) else { return false };
        let is_one_of_them = |found, text: &String| found | is_secret(shown, text.as_bytes());
        scheme.eq_ignore_ascii_case(b"Bearer ")
            && self.former.iter().fold(is_one_of_them(false, &self.shown), is_one_of_them)
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
        let mut texts = text.split(',').map(|text| {
            let long = text.len() >= SHORTEST;
            let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
            if long && visible { Ok(text.to_owned()) } else { Err(TokenError) }
        });
        let shown = texts.next().unwrap_or(Err(TokenError))?;
        Ok(Self { shown, former: texts.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "takes at least {SHORTEST} visible ASCII characters without a space; while it changes, two of them with a comma in between"
        )
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
    fn a_token_that_changes_is_shown_by_its_first_text_and_taken_by_each() {
        let old: Token = "0123456789abcdef".parse().unwrap();
        let new: Token = "fedcba9876543210".parse().unwrap();
        let prepared: Token = "0123456789abcdef,fedcba9876543210".parse().unwrap();
        let changed: Token = "fedcba9876543210,0123456789abcdef".parse().unwrap();
        for steps in [[&old, &prepared], [&prepared, &changed], [&changed, &new]] {
            for (shows, takes) in [(0, 1), (1, 0), (0, 0), (1, 1)] {
                assert!(steps[takes].shown_by(steps[shows].bearer().as_bytes()));
            }
        }
        assert!(!new.shown_by(old.bearer().as_bytes()));
        assert!(!prepared.shown_by(b"Bearer 0123456789abcdef,fedcba9876543210"));
        for wrong in ["0123456789abcdef,", ",0123456789abcdef", "0123456789abcdef,short"] {
            assert!(wrong.parse::<Token>().is_err(), "{wrong}");
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
