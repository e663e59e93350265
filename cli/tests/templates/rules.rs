//! The rules for single values in the Refactor Spaces API (2021-10-26). Its own patterns use look-ahead, so those
//! for names are written out.

use regex::Regex;

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// 14 characters: this prefix and ten letters and digits.
    Id(&'static str),
    /// 3 to 63 letters, digits, `-`, `_` and spaces; a letter or digit first; not beginning like an id of the type.
    Name(&'static str),
    /// 1 to 256 characters, without colon, comma, slash and parentheses.
    Description,
    /// The id of a VPC.
    Vpc,
    /// 1 to 128 letters, digits, `-` and `_`.
    Stage,
    /// `http` or `https`, at most 2048 characters.
    Url,
    /// One or more segments, each a text or a parameter in braces; no slash at the end.
    SourcePath,
    /// True or false.
    Flag,
}

impl Rule {
    /// Whether the value keeps the rule.
    pub(crate) fn allows(self, value: &serde_json::Value) -> bool {
        let Some(text) = value.as_str() else {
            return matches!(self, Self::Flag) && value.is_boolean();
        };
        let length = text.chars().count();
        let is = |pattern: &str| {
            Regex::new(&format!(r"\A(?:{pattern})\z")).expect("a pattern").is_match(text)
        };
        match self {
            Self::OneOf(texts) => texts.contains(&text),
            Self::Id(prefix) => is(&format!("{prefix}[0-9A-Za-z]{{10}}")),
            Self::Name(prefix) => {
                (3..=63).contains(&length)
                    && !text.starts_with(prefix)
                    && is("[a-zA-Z0-9][a-zA-Z0-9_ -]*")
            }
            Self::Description => length <= 256 && is(r"[a-zA-Z0-9_\s.!*#@'-]+"),
            Self::Vpc => is("vpc-(?:[-a-f0-9]{8}|[-a-f0-9]{17})"),
            Self::Stage => length <= 128 && is("[-a-zA-Z0-9_]+"),
            Self::Url => {
                length <= 2048
                    && is(r"https?://[-a-zA-Z0-9+8@#/%?=~_|!:,.;]*[-a-zA-Z0-9+8@#/%=~_|]")
            }
            Self::SourcePath => {
                length <= 2048 && is(r"(?:/(?:[a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._:-]+\}))+")
            }
            // A text, even `true`, is none.
            Self::Flag => false,
        }
    }
}

#[test]
fn the_rules_allow_and_refuse_what_the_api_does() {
    let cases = [
        (Rule::Id("env-"), "env-0123456789", true),
        (Rule::Id("app-"), "env-0123456789|app-0123456789", false),
        (Rule::Name("env-"), "env-1", false),
        (Rule::Name("env-"), "env", true),
        (Rule::Name("env-"), "no", false),
        (Rule::Name("env-"), "-dev", false),
        (Rule::Description, "Posts, users", false),
        (Rule::Description, "The board's monolith.", true),
        (Rule::Url, "http://board.example/api", true),
        (Rule::Url, "board.example", false),
        (Rule::Url, "http://board.example/a&b", false),
        (Rule::Url, "http://board.example.", false),
        (Rule::SourcePath, "/posts", true),
        (Rule::SourcePath, "/posts/{id}", true),
        (Rule::SourcePath, "/posts/", false),
        (Rule::SourcePath, "/", false),
        (Rule::Stage, "api", true),
        (Rule::Stage, "/api", false),
    ];
    for (rule, text, allowed) in cases {
        assert_eq!(rule.allows(&text.into()), allowed, "{rule:?} of {text:?}");
    }
}
