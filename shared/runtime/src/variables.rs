//! Environment variables: each with what it takes, all that are wrong said at once.

use std::collections::BTreeMap;
use std::str::FromStr;

/// The variable with which `banyan` finds a control port. A program may be started in a shell that has it.
pub const BANYAN_CONTROL: &str = "BANYAN_CONTROL";

/// The variable with which `banyan` finds the file with its keys. A program may be started in a shell that has it.
pub const BANYAN_CREDENTIALS: &str = "BANYAN_CREDENTIALS";

/// An environment variable that a program reads.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it takes, what it does, and its default.
    pub about: &'static str,
}

impl Variable {
    /// All of them for a program's `--help`, a line each.
    pub fn list(variables: &[Self]) -> String {
        let line = |variable: &Self| format!("  {:20}{}", variable.name, variable.about);
        variables.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Everything that is wrong with an environment, a line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigErrors(Vec<String>);

/// The environment while it is read.
#[derive(Debug)]
pub struct Variables {
    given: BTreeMap<String, String>,
    errors: Vec<String>,
}

impl Variables {
    /// The environment of a program that reads `variables`. Another one that begins with `BANYAN_` is wrong.
    pub fn new(
        variables: &[Variable],
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        // Deployment files write a variable that is not set as an empty one.
        let given = environment.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut read = Self { given, errors: Vec::new() };
        let ours = |name: &&str| name.starts_with("BANYAN_");
        let known: Vec<_> = variables.iter().map(|variable| variable.name).filter(ours).collect();
        let unknown = read.given.keys().filter(|name| ours(&name.as_str()));
        // Debug builds know one more variable, with which tests make a program crash.
        let fault = |name: &&String| cfg!(debug_assertions) && *name == fault::VARIABLE;
        let fine = |name: &&String| {
            known.contains(&name.as_str())
                || fault(name)
                || [BANYAN_CONTROL, BANYAN_CREDENTIALS].contains(&name.as_str())
        };
        let unknown = unknown.filter(|name| !fine(name));
        let errors =
            unknown.map(|name| format!("{name}: is unknown; there are {}", known.join(", ")));
        read.errors = errors.collect();
        read
    }

    /// A variable that is no secret, read by `read`; the error shows its value and what it takes.
    pub fn read<T>(
        &mut self,
        name: &str,
        takes: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.given.get(name)?;
        let read = read(value);
        if read.is_none() {
            self.errors.push(format!("{name}={value:?}: takes {takes}"));
        }
        read
    }

    /// A variable that is read as it reads itself.
    pub fn take<T: FromStr>(&mut self, name: &str, takes: &str) -> Option<T> {
        self.read(name, takes, |value| value.parse().ok())
    }

    /// A number from `min` to `max`.
    pub fn number(&mut self, name: &str, min: usize, max: usize) -> Option<usize> {
        let takes = format!("a number from {min} to {max}");
        self.read(name, &takes, |value| {
            value.parse().ok().filter(|number| (min..=max).contains(number))
        })
    }

    /// One of these words, as what it stands for.
    pub fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        self.read(name, &names.join(" or "), |value| {
            choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice)
        })
    }

    /// A variable that may be a secret: no error shows its value.
    pub fn secret(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// Whether a variable is set.
    pub fn is_set(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Notes that something is wrong.
    pub fn wrong(&mut self, error: String) {
        self.errors.push(error);
    }

    /// The configuration, if nothing was wrong.
    ///
    /// # Errors
    /// Everything that was.
    pub fn finish<C>(self, config: C) -> Result<C, ConfigErrors> {
        self.finish_some(Some(config))
    }

    /// The same, of a configuration that is there unless something was wrong.
    ///
    /// # Errors
    /// Everything that was.
    pub fn finish_some<C>(self, config: Option<C>) -> Result<C, ConfigErrors> {
        config.filter(|_| self.errors.is_empty()).ok_or(ConfigErrors(self.errors))
    }
}
