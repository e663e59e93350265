//! How many pages have a stream of events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most streams at once. A page that finds no place asks every 5 s instead.
const STREAMS: usize = 32;
/// Counts the streams.
#[derive(Debug, Default)]
pub(crate) struct Streams(Arc<AtomicUsize>);

/// A place among the streams.
pub(crate) struct StreamPlace(Arc<AtomicUsize>);

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Streams {
    /// A place for a stream, if there is one.
    pub(crate) fn enter(&self) -> Option<StreamPlace> {
        let place = StreamPlace(Arc::clone(&self.0));
        (self.0.fetch_add(1, Ordering::AcqRel) < STREAMS).then_some(place)
    }
}
