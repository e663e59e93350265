//! When a program is to stop.

use std::future::Future;
use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ends with the first of SIGTERM, SIGINT and `stop`.
///
/// As the first process of a container, a program has no default for SIGTERM: it must call this before
/// anything that can wait.
///
/// # Errors
/// If a signal cannot be listened to.
pub(crate) fn stopped(
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let by = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            () = stop => "its parent",
        };
        log::info!("stopping, told by {by}: finishing what is in flight");
    })
}
