//! How far a service must have come to answer a read.

use std::sync::Arc;

use http1::{FieldKind, ResponseHead};
use replication::Position;
use tokio::time::Instant;

use crate::ownership::{ClientKeys, LastWrite, Writes};
use crate::upstream::Upstream;

/// What is known of the writes before a read. Nothing is for a write.
#[derive(Default)]
pub(super) struct Freshness {
    needed: Option<Needed>,
    /// Whether the client may have written through an earlier run of the proxy, or another process.
    pub(super) forgotten: bool,
    /// Whether any service said how far it has come.
    pub(super) told: bool,
}

/// How far a service must have come.
struct Needed {
    position: Position,
    /// The write that says so; none if the client says so itself.
    write: Option<(ClientKeys, LastWrite)>,
}

impl Freshness {
    /// For a read that is sent to a service first. `said` is the position that the client sends.
    pub(super) fn of_read(
        writes: &Writes,
        said: Option<Position>,
        client: Option<ClientKeys>,
        upstream: &Arc<Upstream>,
        now: Instant,
    ) -> Self {
        let (write, is_known) = client.map_or((None, false), |client| {
            let (write, is_known) = writes.get(client, |write| write.concerns(upstream));
            (write.map(|write| (client, write)), is_known)
        });
        let needed = match (said, write) {
            (None, None) => None,
            (Some(said), Some((_, write))) if said > write.position => {
                Some(Needed { position: said, write: None })
            }
            (_, Some((client, write))) => {
                Some(Needed { position: write.position, write: Some((client, write)) })
            }
            (Some(said), None) => Some(Needed { position: said, write: None }),
        };
        let forgotten = said.is_none() && writes.may_be_forgotten(is_known, now);
        Self { needed, forgotten, told: false }
    }

    /// Takes any position, since only one service can answer.
    pub(super) fn need_nothing(&mut self) {
        self.needed = None;
    }

    /// The position that a service must have reached.
    pub(super) fn position(&self) -> Option<Position> {
        self.needed.as_ref().map(|needed| needed.position)
    }

    /// Whether only the client says how far a service must have come.
    pub(super) fn is_only_said(&self) -> bool {
        self.needed.as_ref().is_some_and(|needed| needed.write.is_none())
    }

    /// Whether a service may have what must be there.
    pub(super) fn concerns(&self, upstream: &Arc<Upstream>) -> bool {
        self.write().is_none_or(|(_, write)| write.concerns(upstream))
    }

    /// Whether a service took the write that must be there.
    pub(super) fn was_taken_by(&self, upstream: &Arc<Upstream>) -> bool {
        self.write().is_some_and(|(_, write)| write.was_taken_by(upstream))
    }

    /// Forgets the write once both copies have it.
    pub(super) fn forget_if_copied(
        &self,
        writes: &Writes,
        upstream: &Arc<Upstream>,
        position: Position,
    ) {
        if let Some((client, write)) = self.write()
            && write.copies.len() == 2
            && !write.was_taken_by(upstream)
        {
            writes.forget(*client, position);
        }
    }

    fn write(&self) -> Option<&(ClientKeys, LastWrite)> {
        self.needed.as_ref()?.write.as_ref()
    }
}

/// The value of a field `Banyan-Position`; nothing if it is none.
pub(super) fn read_position(value: &[u8]) -> Option<Position> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// How far the service of an answer has come, if it says so.
pub(super) fn position(answer: &ResponseHead<'_>) -> Option<Position> {
    answer.first(FieldKind::Position).and_then(read_position)
}
