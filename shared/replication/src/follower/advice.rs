//! What helps if a peer does not do what it was asked.

use crate::{PeerError, PeerFault};

/// What is wrong, and what to do about it.
pub fn explained(error: &PeerError) -> String {
    let advice = match error.fault {
        PeerFault::NoToken => {
            return "MOVE_TOKEN is not set; start the program with the one of the other side"
                .into();
        }
        PeerFault::Unreachable { .. } => "; start it, or check the address",
        PeerFault::Silent { .. } | PeerFault::Stalled { .. } | PeerFault::Slow { .. } => {
            "; check it and the network in between"
        }
        PeerFault::Unknown => {
            ": its MOVE_TOKEN is not the one of this program, or there is no such collection at this \
             address"
        }
        PeerFault::Refused { .. } => "",
        PeerFault::Failed { .. } => "; its log says why",
        PeerFault::Unreadable { .. } => "; check the address",
        PeerFault::OtherStore { .. } => "; start that one, or cancel the copy and follow this one",
        PeerFault::OtherProtocol { .. } => "; run the same version on both sides",
    };
    format!("{error}{advice}")
}
