//! Form fields of the Query API: `Tags.member.1.Key=a` is a member of a list.

use std::collections::BTreeMap;

use super::error::ApiError;

/// How many members a list may have; AWS' own limits are below it.
const MEMBERS_LIMIT: usize = 500;

/// The fields of a request, and the region that it was signed for.
pub(super) struct Form<'a> {
    pub(super) region: &'a str,
    fields: &'a [(String, String)],
}

impl<'a> Form<'a> {
    pub(super) fn new(region: &'a str, fields: &'a [(String, String)]) -> Self {
        Self { region, fields }
    }

    /// All fields, as they came.
    pub(super) fn fields(&self) -> &'a [(String, String)] {
        self.fields
    }

    /// The value of a field. An empty one counts as not sent.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a member is there at all, be it as an empty list.
    pub(super) fn is_sent(&self, name: &str) -> bool {
        let below = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.fields.iter().any(|(key, _)| key == name || below(key))
    }

    /// The value of a field that is one of some words.
    pub(super) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.get(name) {
            Some(given) if !words.contains(&given) => Err(ApiError::not_one_of(name, given, words)),
            given => Ok(given),
        }
    }

    /// The value of a field that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::missing(name))
    }

    /// A flag.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                Err(ApiError::validation(format!("{name} is '{other}'; it takes true or false")))
            }
        }
    }

    /// A list of texts. `Capabilities=` is an empty one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let members = self.members(name)?.into_iter();
        Ok(members.filter_map(|member| Some((*member.get("")?).to_owned())).collect())
    }

    /// A list of texts, each of which is one of some words.
    pub(super) fn words(&self, name: &str, words: &[&str]) -> Result<Vec<String>, ApiError> {
        let given = self.texts(name)?;
        match given.iter().find(|word| !words.contains(&word.as_str())) {
            Some(word) => Err(ApiError::not_one_of(name, word, words)),
            None => Ok(given),
        }
    }

    /// A list of structures, each by the names of its members; of texts, each under the empty name.
    pub(super) fn members(&self, name: &str) -> Result<Vec<BTreeMap<&'a str, &'a str>>, ApiError> {
        let mut members: BTreeMap<usize, BTreeMap<&str, &str>> = BTreeMap::new();
        for (key, value) in self.fields {
            let rest = key.strip_prefix(name).and_then(|rest| rest.strip_prefix(".member."));
            let Some(rest) = rest else { continue };
            let (index, member) = rest.split_once('.').unwrap_or((rest, ""));
            let Ok(index) = index.parse::<usize>() else {
                return Err(ApiError::validation(format!("{key} has no number where one belongs")));
            };
            members.entry(index).or_default().insert(member, value);
        }
        if members.len() > MEMBERS_LIMIT {
            return Err(ApiError::validation(format!(
                "{name} has more than {MEMBERS_LIMIT} members"
            )));
        }
        Ok(members.into_values().collect())
    }
}
