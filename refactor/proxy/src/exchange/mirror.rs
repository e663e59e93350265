//! Sends the copy of a read, if the tags of its route ask for one.

use std::net::IpAddr;
use std::sync::Arc;

use super::destination::Destination;
use super::outgoing;
use super::record::Record;
use crate::head::Head;
use crate::metrics::Outcome;
use crate::path::Path;
use crate::shadow::{Asked, Copy, Sample};
use crate::site::Site;
use crate::split::is_read;

/// What takes the client's answer to its comparison, if this request is mirrored.
pub(super) fn mirror(
    site: &Site,
    peer: IpAddr,
    head: &Head<'_>,
    path: &Path<'_>,
    destination: &Destination,
    record: &Record<'_>,
) -> Option<Sample> {
    let other = destination.other.as_ref()?;
    let mirror = other.route.split.as_ref()?.mirror.as_ref()?;
    if !is_read(&head.method) || is_copy(head) || !mirror.share.takes() {
        return None;
    }
    let counts = &other.route.counts;
    counts.sampled();
    let permit = if head.body.is_over() { site.shared.shadows.admit() } else { None };
    let Some(permit) = permit else {
        counts.mirrored(Outcome::Dropped);
        return None;
    };
    let repeat = mirror.is_repeat();
    let to = if repeat { &destination.side } else { &other.side };
    let copy = Copy {
        route: Arc::clone(&other.route),
        destination: Arc::clone(&destination.side.target),
        to: Arc::clone(&to.target),
        repeat,
        asked: Asked { id: record.id.clone().into_owned(), target: head.target.to_owned() },
        method: head.method.clone(),
        request: outgoing::copy(site, peer, head, to, path, record),
    };
    Some(site.shared.shadows.send(copy, permit))
}

/// Whether a request is a copy that another proxy made: it is not copied again.
fn is_copy(head: &Head<'_>) -> bool {
    head.fields.iter().any(|field| field.name.eq_ignore_ascii_case(outgoing::SHADOW))
}
