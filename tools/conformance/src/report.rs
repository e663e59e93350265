//! What was found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::Rule;
use crate::stop::Stop;

/// What was found of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "finding", content = "detail")]
pub enum Finding {
    /// Whatever was tried went as the rule says.
    Held,
    /// It did not, and what was seen instead.
    Broken(String),
    /// It was not tried, and why.
    Unchecked(String),
}

/// What was found of each rule.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    rules: BTreeMap<Rule, Finding>,
    /// Why a check could not be made, for which no rule is to blame.
    failures: Vec<String>,
    /// What stays behind in the program.
    left: Vec<String>,
}

impl Report {
    /// What was found of a rule.
    pub fn of(&self, rule: Rule) -> Option<&Finding> {
        self.rules.get(&rule)
    }

    /// The rules that are broken.
    pub fn broken(&self) -> BTreeSet<Rule> {
        let broken = self.rules.iter().filter(|(_, found)| matches!(found, Finding::Broken(_)));
        broken.map(|(rule, _)| *rule).collect()
    }

    /// Whether every check could be made, and no rule is broken.
    pub fn is_well(&self) -> bool {
        self.broken().is_empty() && self.failures.is_empty()
    }

    /// Notes a rule that was kept, unless it was broken elsewhere.
    pub(crate) fn held(&mut self, rule: Rule) {
        let found = self.rules.entry(rule).or_insert(Finding::Held);
        if matches!(found, Finding::Unchecked(_)) {
            *found = Finding::Held;
        }
    }

    /// Notes why a check ended.
    pub(crate) fn stopped(&mut self, stop: Stop) {
        match stop {
            Stop::Broken(rule, found) => drop(self.rules.insert(rule, Finding::Broken(found))),
            Stop::Failed(why) => self.failures.push(why),
        }
    }

    /// Notes what stays behind.
    pub(crate) fn leaves(&mut self, what: String) {
        self.left.push(what);
    }

    /// Gives every other rule the reason why it was not tried.
    pub(crate) fn finish(mut self, why: &str) -> Self {
        for rule in Rule::ALL {
            self.rules.entry(*rule).or_insert_with(|| Finding::Unchecked(why.to_owned()));
        }
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.rules.values().filter(|found| **found == Finding::Held).count();
        for (rule, found) in &self.rules {
            match found {
                Finding::Held => {}
                Finding::Broken(what) => {
                    writeln!(f, "{rule} BROKEN       {}", rule.about())?;
                    writeln!(f, "                 {what}")?;
                }
                Finding::Unchecked(why) => {
                    writeln!(f, "{rule} not checked  {} ({why})", rule.about())?;
                }
            }
        }
        for failure in &self.failures {
            writeln!(f, "a check could not be made: {failure}")?;
        }
        for left in &self.left {
            writeln!(f, "left behind: {left}")?;
        }
        write!(f, "{held} of {} rules of docs/protocol.md were checked and kept", Rule::ALL.len())
    }
}
