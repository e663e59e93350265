//! Why a table cannot be followed as it is. Nothing was changed.

use crate::name::quoted;

/// What is wrong with what was asked, and the SQL or the command that helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", .help.as_ref().map(|help| format!("\n  {help}")).unwrap_or_default())]
pub struct Refusal {
    /// What is wrong.
    pub reason: String,
    /// What helps, if anything is known to.
    pub help: Option<String>,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `GRANT what TO role;`
pub(crate) fn grant(what: &str, role: &str) -> String {
    format!("GRANT {what} TO {};", quoted(role))
}
