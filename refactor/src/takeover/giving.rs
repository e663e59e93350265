//! The process that runs, and gives way to a new one.

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, process, thread};

use journal::Journal;
use proxy::{Beside, DataPlane};
use runtime::chain;
use tokio::sync::oneshot;

use super::wire::Wire;
use super::{GO, NO, QUIET, READY, SOCKET, TAKE, YES};
use crate::control::Readiness;
use crate::lead::Leading;

/// How long a new process may take to open the state and to take traffic.
const READY_TIME: Duration = Duration::from_secs(60);
/// How long to wait before the state is opened again that another process still has.
const PAUSE: Duration = Duration::from_secs(1);

/// What a process gives to the one that takes over.
pub(crate) struct Giving {
    pub(crate) folder: PathBuf,
    pub(crate) state: Journal,
    pub(crate) leading: Leading,
    pub(crate) plane: DataPlane,
    /// The socket of the control port.
    pub(crate) control: TcpListener,
    /// That of metrics, if they have one of their own.
    pub(crate) metrics: Option<TcpListener>,
    /// How long operations under way may take to finish.
    pub(crate) drain: Duration,
    pub(crate) readiness: Arc<Readiness>,
}

/// Another process is ready to take over. This one is to take no more connections of the control port, and then to
/// drain.
#[derive(Debug)]
pub(crate) struct Given {
    /// To be sent when the control port takes no more connections.
    pub(crate) paused: oneshot::Sender<()>,
    /// To be sent when no request of an application begins any more.
    pub(crate) quiet: oneshot::Sender<()>,
    /// To be sent when nothing is in flight any more. It ends the process.
    pub(crate) ended: oneshot::Sender<()>,
}

impl Giving {
    /// Offers it in the data folder, on a thread of its own. What is returned hears when another process took over; the
    /// state is not to be used any more then, and blocks whatever uses it.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub(crate) fn offer(self) -> io::Result<oneshot::Receiver<Given>> {
        let path = self.folder.join(SOCKET);
        // It is that of an earlier process: this one has the state.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let (mut tell, told) = oneshot::channel();
        thread::Builder::new().name("takeover".to_owned()).spawn(move || {
            for stream in listener.incoming() {
                let wire = match stream.and_then(|stream| self.asked(stream)) {
                    Ok(Some(wire)) => wire,
                    Ok(None) => continue,
                    Err(error) => {
                        log::warn!("a process that wanted to take over is gone: {error}");
                        continue;
                    }
                };
                tell = self.give(&wire, tell);
            }
        })?;
        Ok(told)
    }

    /// Hears what a process wants; nothing if it gets nothing.
    fn asked(&self, stream: UnixStream) -> io::Result<Option<Wire>> {
        let wire = Wire::new(stream);
        wire.allow(Some(READY_TIME))?;
        let refused = match wire.hear()?.as_deref() {
            _ if self.readiness.is_stopping() => "it is stopping",
            Some(TAKE) => return Ok(Some(wire)),
            _ => "it is of a version that does not understand this one",
        };
        wire.say(&format!("{NO} {refused}"))?;
        Ok(None)
    }

    /// Gives everything, and ends with the process; or takes it back, and says so.
    fn give(&self, wire: &Wire, tell: oneshot::Sender<Given>) -> oneshot::Sender<Given> {
        log::info!("another process takes over: no operation begins any more");
        self.leading.close(self.drain);
        let mut state = match self.state.give_up() {
            Ok(state) => state,
            Err(error) => {
                log::error!(
                    "no other process can take over, and this one goes on: {}",
                    chain(&error)
                );
                self.leading.open();
                return tell;
            }
        };
        match self.hand_over(wire) {
            Ok(()) => self.end(wire, tell),
            Err(error) => {
                log::warn!("no other process took over, and this one goes on: {error}");
                // If the other process is only late, it must not get the state now.
                wire.close();
                while let Err(error) = state.reopen(&self.folder) {
                    log::error!("{}; trying again in {} s", chain(&error), PAUSE.as_secs());
                    thread::sleep(PAUSE);
                }
                self.leading.open();
                tell
            }
        }
    }

    /// Gives the sockets, and waits until the other process takes traffic.
    fn hand_over(&self, wire: &Wire) -> io::Result<()> {
        let applications = self.plane.sockets()?;
        let sockets = [&self.control].into_iter().chain(&self.metrics).chain(&applications);
        wire.say(&format!("{YES} {}", sockets.clone().count()))?;
        for socket in sockets {
            wire.send(socket)?;
        }
        match wire.hear()?.as_deref() {
            Some(READY) => Ok(()),
            _ => Err(io::Error::other("it ended before it was ready")),
        }
    }

    /// Lets this process end while the other one serves. The caller has the lock of the state: what waits for it waits
    /// until the process ends, which is a crash to it.
    fn end(&self, wire: &Wire, tell: oneshot::Sender<Given>) -> ! {
        log::info!("another process took over: finishing what is in flight");
        self.plane.is_beside(Beside::Serving);
        let (paused, is_paused) = oneshot::channel();
        let (quiet, is_quiet) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        // If the other one is gone, it hears nothing.
        if tell.send(Given { paused, quiet, ended }).is_err() {
            // This process was told to stop meanwhile: it finishes what is in flight, and ends by itself.
            let _ = wire.say(GO);
            loop {
                thread::park();
            }
        }
        let _ = is_paused.blocking_recv();
        let _ = wire.say(GO);
        let _ = is_quiet.blocking_recv();
        let _ = wire.say(QUIET);
        let _ = has_ended.blocking_recv();
        log::info!("stopped");
        log::logger().flush();
        process::exit(0);
    }
}
