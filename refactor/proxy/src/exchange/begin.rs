//! Which service a request is sent to first, and what its answer must have.

use std::sync::Arc;

use http1::RequestHead;
use public_urls::Downstream;
use routes::RequestPath;
use tokio::time::Instant;

use super::candidates::Candidates;
use super::chase::Chase;
use super::destination::Destination;
use super::freshness::Freshness;
use crate::site::Site;
use crate::split::is_read;

impl<'a> Chase<'a> {
    pub(super) fn begin(
        site: &'a Site,
        downstream: &'a Downstream<'a>,
        head: &'a RequestHead<'a>,
        path: &'a RequestPath<'a>,
        destination: Destination,
        now: Instant,
    ) -> Self {
        let is_canary = destination.is_canary && head.body.is_over();
        let mut chase = Self {
            canary: is_canary.then(|| Arc::clone(&destination.side.target)),
            fell_back: false,
            site,
            downstream,
            head,
            path,
            candidates: Candidates::of(destination.side),
            other: destination.other.map(|other| other.side),
            looked: None,
            hinted: false,
            named: None,
            freshness: Freshness::default(),
            epoch: None,
            _upload: None,
            search: None,
        };
        chase.epoch = chase.present();
        if is_read(&head.method) {
            chase.look_back(now);
        } else {
            chase.follow_hint(now);
        }
        chase
    }

    /// Notes how far a service must have come for this read, if that matters, and whether that may be more than is known.
    fn look_back(&mut self, now: Instant) {
        let writes = &self.site.shared.ownership.writes;
        let client = writes.are_any(now).then(|| Some(self.client(&self.collection()?)));
        let upstream = self.candidates.upstream(0);
        self.freshness = Freshness::of_read(writes, self.said(), client.flatten(), upstream, now);
        if self.freshness.position().is_some() {
            self.look();
            if self.candidates.count() == 1 {
                self.freshness.need_nothing();
            }
        }
    }

    /// Begins with the last known primary of this write, if there is one.
    fn follow_hint(&mut self, now: Instant) {
        let version = self.look();
        let hint = self.collection().and_then(|segment| {
            let primaries = &self.candidates.get(0).target.primaries;
            let primary = primaries.get(&segment, version, now)?;
            self.candidates.index_of(&primary)
        });
        self.hinted = hint.is_some();
        self.candidates.begin_again(hint.unwrap_or_default());
    }
}
