//! Reading the members of a JSON object: everything that is wrong is said at once, each with its member.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::rules::{self, BrokenRule};
use cloudformation::{KNOWN_AFTER_APPLY, is_unknown};
use proxy::{TagPlace, check_tags};

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The most tags that a resource has.
const TAGS: usize = 50;

/// A JSON object while it is read. One within another is read whole: a member of it that is not asked for is wrong. Of the
/// outermost one only some members may be read here; `control/rest.rs` looks for the unknown ones.
pub struct Members<'a> {
    object: &'a Map<String, Value>,
    /// What stands before a member's name in errors, such as `UrlEndpoint.`.
    prefix: &'static str,
    asked: Vec<String>,
    /// Whether what is not known yet stands for anything.
    planned: bool,
    /// Whether tags are what they were before, which may be older than the rules of those that are read.
    restored: bool,
    faults: Vec<String>,
}

impl<'a> Members<'a> {
    /// The members of the body of a request.
    pub fn new(object: &'a Map<String, Value>) -> Self {
        let (asked, faults) = (Vec::new(), Vec::new());
        Self { object, prefix: "", asked, planned: false, restored: false, faults }
    }

    /// The members of what was there before: its tags that are read here are not checked.
    pub(crate) fn restored(object: &'a Map<String, Value>) -> Self {
        Self { restored: true, ..Self::new(object) }
    }

    /// The members of what a template plans: what is not known yet is right, and reads as absent.
    pub(crate) fn planned(object: &'a Map<String, Value>) -> Self {
        Self { planned: true, ..Self::new(object) }
    }

    fn is_open(&self, value: &Value) -> bool {
        self.planned && is_unknown(value)
    }

    /// A member's value; `null` reads as absent.
    fn get(&mut self, name: &str) -> Option<&'a Value> {
        self.asked.push(name.to_owned());
        present(self.object, name)
    }

    /// Whether there is such a member.
    pub(crate) fn has(&self, name: &str) -> bool {
        present(self.object, name).is_some()
    }

    /// Notes that a member is wrong; `how` follows its name.
    pub(crate) fn wrong(&mut self, name: &str, how: &str) {
        self.faults.push(format!("{}{name} {how}", self.prefix));
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, name: &str, read: Option<T>) -> Option<T> {
        if !self.has(name) {
            self.wrong(name, "is required");
        }
        read
    }

    /// A text that keeps to a rule.
    pub fn text(
        &mut self,
        name: &str,
        rule: impl Fn(&str) -> Result<(), BrokenRule>,
    ) -> Option<String> {
        let value = self.get(name)?;
        if self.is_open(value) {
            return None;
        }
        let Some(text) = value.as_str() else {
            self.wrong(name, "must be a string");
            return None;
        };
        match rule(text) {
            Ok(()) => Some(text.to_owned()),
            Err(broken) => {
                self.wrong(name, &broken);
                None
            }
        }
    }

    /// One of these words, as what it stands for.
    pub(crate) fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.get(name)?;
        let found = choices.iter().find(|(word, _)| value.as_str() == Some(word));
        if found.is_none() && !self.is_open(value) {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.wrong(name, &format!("must be {}", words.join(" or ")));
        }
        found.map(|(_, choice)| *choice)
    }

    /// `true` or `false`; absent: `false`.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.get(name) else { return false };
        value.as_bool().unwrap_or_else(|| {
            if !self.is_open(value) {
                self.wrong(name, "must be true or false");
            }
            false
        })
    }

    /// A list of some of these words, each once, in the order of `words`.
    pub(crate) fn some_of(&mut self, name: &str, words: &[&str]) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let items = value.as_array().map(|items| items.iter().map(Value::as_str));
        let items: Option<Vec<_>> = items.and_then(|items| items.collect());
        match items {
            Some(items) if items.iter().all(|item| words.contains(item)) => {
                let chosen = words.iter().filter(|word| items.contains(word));
                chosen.map(|word| (*word).to_owned()).collect()
            }
            _ => {
                if !self.is_open(value) {
                    self.wrong(name, &format!("must be a list of {}", words.join(", ")));
                }
                Vec::new()
            }
        }
    }

    /// An object within this one, read by `read`.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        prefix: &'static str,
        read: impl FnOnce(&mut Members<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(name)?;
        let Some(object) = value.as_object() else {
            if !self.is_open(value) {
                self.wrong(name, "must be an object");
            }
            return None;
        };
        let mut inner = Members { prefix, planned: self.planned, ..Members::new(object) };
        let read = read(&mut inner);
        let unknown =
            |member: &&String| present(object, member).is_some() && !inner.asked.contains(member);
        let unknown: Vec<_> = object.keys().filter(unknown).collect();
        unknown.into_iter().for_each(|member| inner.wrong(member, "is not known"));
        self.faults.append(&mut inner.faults);
        read
    }

    /// The tags, wherever they are to stand; absent: none.
    pub fn tags(&mut self) -> Tags {
        let mut tags = Tags::new();
        let Some(value) = self.get("Tags") else { return tags };
        let Some(object) = value.as_object() else {
            if !self.is_open(value) {
                self.wrong("Tags", "must be an object of strings");
            }
            return tags;
        };
        for (key, value) in object {
            if self.planned && (key.contains(KNOWN_AFTER_APPLY) || is_unknown(value)) {
                continue;
            }
            if let Err(broken) = rules::tag_key(key) {
                self.wrong("Tags", &format!("has a key {key:?} that {broken}"));
            }
            match value.as_str() {
                Some(value) => {
                    if let Err(broken) = rules::tag_value(value) {
                        self.wrong("Tags", &format!("has a value of {key:?} that {broken}"));
                    }
                    tags.insert(key.clone(), value.to_owned());
                }
                None => self.wrong("Tags", &format!("must have a string as value of {key:?}")),
            }
        }
        if let Err(broken) = check_count(&tags) {
            self.wrong("Tags", &broken);
        }
        tags
    }

    /// The tags of what is to be made or changed; absent: none.
    pub(crate) fn tags_of(&mut self, place: TagPlace) -> Tags {
        let tags = self.tags();
        if !self.restored
            && let Err(broken) = check_read(&tags, place)
        {
            self.wrong("Tags", &broken);
        }
        tags
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// 400 with all that was.
    pub fn finish<T>(self, read: impl FnOnce() -> Option<T>) -> Result<T, ApiError> {
        match read() {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(ApiError::Validation(self.faults.join("; "))),
        }
    }
}

fn present<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// Whether a resource may have these tags.
pub(crate) fn check_count(tags: &Tags) -> Result<(), BrokenRule> {
    if tags.len() <= TAGS {
        return Ok(());
    }
    Err(format!("must be at most {TAGS}, and would be {}", tags.len()))
}

/// Whether the tags that are read here may stand there, with these values.
pub(crate) fn check_read(tags: &Tags, place: TagPlace) -> Result<(), BrokenRule> {
    check_tags(tags, place).map_err(|broken| format!("has a tag that is read here: {broken}"))
}
