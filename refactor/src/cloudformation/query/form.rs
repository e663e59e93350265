//! Form fields of the Query API: `Tags.member.1.Key=a` is a member of a list.

use std::collections::BTreeMap;

use super::error::ApiError;

/// How many members a list may have; AWS' own limits are below it.
const MEMBERS_LIMIT: usize = 500;

/// The fields of a request.
pub(super) struct Form<'a> {
    fields: &'a [(String, String)],
}

impl<'a> Form<'a> {
    pub(super) fn new(fields: &'a [(String, String)]) -> Self {
        Self { fields }
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

    /// The value of a field that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        self.get(name).ok_or_else(|| {
            ApiError::validation(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                lower_first(name)
            ))
        })
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
        let members = self.members(name)?;
        Ok(members
            .iter()
            .filter_map(|member| member.get(""))
            .map(|text| (*text).to_owned())
            .collect())
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

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}
