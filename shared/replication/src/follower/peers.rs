//! The client of the protocol, if the program has a token to show.

use std::sync::Arc;

use runtime::{Clients, Token};

use crate::{PeerClient, PeerError, PeerFault};

/// The other programs of a move. None can be asked without a token.
#[derive(Clone, Debug)]
pub struct Peers(Option<PeerClient>);

impl Peers {
    /// Asks them with this token.
    pub fn new(token: Option<Token>, clients: &Arc<Clients>) -> Self {
        Self(token.map(|token| PeerClient::new(token, Arc::clone(clients))))
    }

    /// Asks the one at this URL.
    ///
    /// # Errors
    /// Without a token to show it.
    pub fn at(&self, url: &str) -> Result<&PeerClient, PeerError> {
        let no_token = || PeerError { url: url.to_owned(), fault: PeerFault::NoToken };
        self.0.as_ref().ok_or_else(no_token)
    }

    /// The client, if any program can be asked.
    pub(super) fn client(&self) -> Option<&PeerClient> {
        self.0.as_ref()
    }
}
