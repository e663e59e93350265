//! Discards an answer that must not reach the client.

use std::future::poll_fn;

use http1::ResponseHead;
use tokio::time::timeout;

use crate::limits::{DISCARD_BYTES, DISCARD_TIME};
use crate::target::RouteTarget;
use crate::upstream::Connection;

/// Reads the rest of an answer, so that its connection can carry the next request. One that is long, or slow, or in
/// any doubt is left with its connection.
pub(super) async fn discard(
    worker: usize,
    target: &RouteTarget,
    mut connection: Connection,
    answer: &ResponseHead<'_>,
) {
    let read = timeout(DISCARD_TIME, read(&mut connection, answer));
    if answer.keep_alive
        && read.await.is_ok_and(|read| read.is_some())
        && connection.filled().is_empty()
    {
        connection.rest(answer.keep_alive_seconds);
        target.service.upstream.give_back(worker, connection);
    }
}

/// Nothing if it does not come to its end.
async fn read(connection: &mut Connection, answer: &ResponseHead<'_>) -> Option<()> {
    let (mut body, mut left) = (answer.body, DISCARD_BYTES);
    loop {
        let arrived = connection.filled().len();
        connection.take(&mut body, |_| ()).ok()?;
        left = left.checked_sub(arrived - connection.filled().len())?;
        if body.is_over() {
            return Some(());
        }
        let read = poll_fn(|context| connection.poll_fill(context)).await.ok()?;
        if read == 0 {
            return None;
        }
    }
}
