//! Sends the copy of a read, if the tags of its route ask for one.

use std::sync::Arc;

use http1::RequestHead;
use public_urls::Downstream;
use routes::RequestPath;
use shadow::{AskedRequest, Sample};

use super::destination::Destination;
use super::outgoing;
use super::record::RequestRecord;
use crate::copies::ShadowRequest;
use crate::metrics::ShadowOutcome;
use crate::site::Site;
use crate::split::is_read;

/// What takes the client's answer to its comparison, if this request is mirrored.
pub(super) fn mirror(
    site: &Site,
    downstream: &Downstream<'_>,
    head: &RequestHead<'_>,
    path: &RequestPath<'_>,
    destination: &Destination,
    record: &RequestRecord<'_>,
) -> Option<Sample> {
    let other = destination.other.as_ref()?;
    let mirror = other.route.split.as_ref()?.mirror.as_ref()?;
    if !is_read(&head.method)
        || head.upgrade.is_some()
        || is_copy(head)
        || !mirror.share.takes(fastrand::u8(..100))
    {
        return None;
    }
    let counts = &other.route.counts;
    counts.sampled();
    mirror.sampled();
    let permit = if head.body.is_over() { site.shared.shadows.admit() } else { None };
    let Some(permit) = permit else {
        counts.mirrored(ShadowOutcome::Dropped);
        mirror.ended(ShadowOutcome::Dropped);
        return None;
    };
    let repeat = mirror.is_repeat();
    let to = if repeat { &destination.side } else { &other.side };
    let copy = ShadowRequest {
        route: Arc::clone(&other.route),
        destination: Arc::clone(&destination.side.target),
        to: Arc::clone(&to.target),
        repeat,
        asked: AskedRequest { id: record.id.clone().into_owned(), target: head.target.to_owned() },
        method: head.method.clone(),
        request: outgoing::copy(site, downstream, head, to, path, record),
    };
    Some(site.shared.shadows.send(copy, permit))
}

/// Whether a request is a copy that another proxy made: it is not copied again.
fn is_copy(head: &RequestHead<'_>) -> bool {
    head.fields.iter().any(|field| field.name.eq_ignore_ascii_case(outgoing::SHADOW))
}
