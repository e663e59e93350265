//! When a program is to stop.

use std::future::Future;
use std::{io, process, thread};

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What tells a program to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Ends with the first of SIGTERM, SIGINT and `stop`. A signal after that ends the process at once, with exit code 1.
///
/// As the first process of a container, a program has no default for SIGTERM: it must call this before
/// anything that can wait.
///
/// # Errors
/// If a signal cannot be listened to.
pub(crate) fn stopped(
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = Signals::new()?;
    Ok(async move {
        let by = tokio::select! {
            by = signals.next() => by,
            () = stop => "its parent",
        };
        if let Err(error) = end_with_the_next() {
            log::warn!("a second signal will not be heard: {error}");
        }
        log::info!("stopping, told by {by}: finishing what is in flight");
    })
}

/// Ends the process with the next signal. It waits on a thread of its own, since the others may have ended, or be busy.
fn end_with_the_next() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _within = runtime.enter();
        Signals::new()?
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let by = runtime.block_on(signals.next());
        log::warn!("told again, by {by}: stops at once, and breaks off what is in flight");
        log::logger().flush();
        process::exit(1);
    })?;
    Ok(())
}
