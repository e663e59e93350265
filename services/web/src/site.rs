//! What the handlers share.

use crate::api::Api;
use crate::failure::Failure;

/// The board as this program shows it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) api: Api,
    /// Whether there are no forms.
    pub(crate) read_only: bool,
    /// Whether only this machine can reach the program.
    pub(crate) local: bool,
}

impl Site {
    /// Refuses what only makes sense if something can be written.
    ///
    /// # Errors
    /// If the board is read-only.
    pub(crate) fn must_write(&self) -> Result<(), Failure> {
        if self.read_only { Err(Failure::ReadOnly) } else { Ok(()) }
    }
}
