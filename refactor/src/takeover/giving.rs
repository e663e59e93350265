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
use tokio::sync::{mpsc, oneshot};

use super::wire::Wire;
use super::{FAILED, GO, NO, QUIET, READY, SERVES, SOCKET, TAKE, WHY, YES};
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

/// Another process is ready to take over. This one is to take no more connections of the control port; and once the other
/// one serves, to drain.
#[derive(Debug)]
pub(crate) struct GivenOver {
    /// To be sent when the control port takes no more connections.
    pub(crate) paused: oneshot::Sender<()>,
    /// Hears that the other process serves. If it hears nothing, the other one is gone, and this one goes on.
    pub(crate) serves: oneshot::Receiver<()>,
    /// To be sent when no request of an application begins any more.
    pub(crate) quiet: oneshot::Sender<()>,
    /// To be sent when nothing is in flight any more. It ends the process.
    pub(crate) ended: oneshot::Sender<()>,
}

/// The other side of [`GivenOver`].
struct Going {
    serves: oneshot::Sender<()>,
    is_quiet: oneshot::Receiver<()>,
    has_ended: oneshot::Receiver<()>,
}

/// A process that wants to take over.
struct Asking {
    wire: Wire,
    /// Its id.
    process: String,
}

impl Giving {
    /// Offers it in the data folder, on a thread of its own. What is returned hears when another process is ready; the
    /// state is not to be used then, and blocks whatever uses it.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub(crate) fn offer(self) -> io::Result<mpsc::UnboundedReceiver<GivenOver>> {
        let path = self.folder.join(SOCKET);
        // It is that of an earlier process: this one has the state.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let (tell, told) = mpsc::unbounded_channel();
        thread::Builder::new().name("takeover".to_owned()).spawn(move || {
            // The last process that failed, and its reason.
            let mut failed = None;
            for stream in listener.incoming() {
                match stream.and_then(|stream| self.asked(stream, failed.as_ref())) {
                    Ok(Some(Asking { wire, process })) => {
                        let why = self.give(&wire, &tell);
                        failed = Some((process, why));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        log::warn!("a process that wanted to take over is gone: {error}");
                    }
                }
            }
        })?;
        Ok(told)
    }

    /// Hears what a process wants; nothing if it gets nothing.
    fn asked(
        &self,
        stream: UnixStream,
        failed: Option<&(String, String)>,
    ) -> io::Result<Option<Asking>> {
        let wire = Wire::new(stream);
        wire.allow(Some(READY_TIME))?;
        let wanted = wire.hear()?.unwrap_or_default();
        if let Some(process) = wanted.strip_prefix(WHY) {
            let why = failed.filter(|(failed, _)| failed == process).map(|(_, why)| why.as_str());
            wire.say(why.unwrap_or_default())?;
        } else if let Some(process) = wanted.strip_prefix(TAKE) {
            if !self.readiness.is_stopping() {
                return Ok(Some(Asking { wire, process: process.to_owned() }));
            }
            // The socket ends with this process, and that is the answer.
            std::mem::forget(wire);
        } else {
            wire.say(&format!("{NO} it is of a version that does not understand this one"))?;
        }
        Ok(None)
    }

    /// Gives everything, and ends with the process; or takes it back, and says why.
    fn give(&self, wire: &Wire, tell: &mpsc::UnboundedSender<GivenOver>) -> String {
        log::info!("another process takes over: no operation begins any more");
        fault::point("takeover.old.asked");
        self.leading.close(self.drain);
        let mut state = match self.state.give_up() {
            Ok(state) => state,
            Err(error) => {
                let why = format!("the state cannot be closed: {}", chain(&error));
                log::error!("no other process can take over, and this one goes on: {why}");
                // If it is gone, it does not want to know.
                let _ = wire.say(&format!("{NO} {why}"));
                self.leading.open();
                return why;
            }
        };
        fault::point("takeover.old.closed");
        match self.hand_over(wire, tell) {
            Ok(going) => self.end(wire, going),
            Err(error) => {
                log::warn!("no other process took over, and this one goes on: {error}");
                wire.close();
                while let Err(error) = state.reopen(&self.folder) {
                    log::error!("{}; trying again in {} s", chain(&error), PAUSE.as_secs());
                    thread::sleep(PAUSE);
                }
                self.plane.is_beside(Beside::Gone);
                self.leading.open();
                error.to_string()
            }
        }
    }

    /// Gives the sockets, and waits until the other process serves.
    fn hand_over(&self, wire: &Wire, tell: &mpsc::UnboundedSender<GivenOver>) -> io::Result<Going> {
        // It may take requests of the same clients as soon as it has the sockets.
        self.plane.is_beside(Beside::Serving);
        let applications = self.plane.sockets()?;
        let sockets = [&self.control].into_iter().chain(&self.metrics).chain(&applications);
        wire.say(&format!("{YES} {}", sockets.clone().count()))?;
        for socket in sockets {
            wire.send(socket)?;
        }
        fault::point("takeover.old.given");
        said(wire.hear()?, READY)?;
        fault::point("takeover.old.ready");
        let (paused, is_paused) = oneshot::channel();
        let (serves, does_serve) = oneshot::channel();
        let (quiet, is_quiet) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        // If this process was told to stop meanwhile, it hears nothing of this, and ends by itself.
        if tell.send(GivenOver { paused, serves: does_serve, quiet, ended }).is_ok() {
            let _ = is_paused.blocking_recv();
        }
        fault::point("takeover.old.paused");
        wire.say(GO)?;
        fault::point("takeover.old.gone");
        if said(wire.hear().unwrap_or_default(), SERVES).is_err() {
            // What it said before this is heard. What it says after this fails there.
            wire.close();
            said(wire.hear()?, SERVES)?;
        }
        Ok(Going { serves, is_quiet, has_ended })
    }

    /// Lets this process end while the other one serves. The caller has the lock of the state: what waits for it waits
    /// until the process ends, which is a crash to it.
    fn end(&self, wire: &Wire, going: Going) -> ! {
        log::info!("another process took over: finishing what is in flight");
        fault::point("takeover.old.serving");
        let Going { serves, is_quiet, has_ended } = going;
        if serves.send(()).is_err() {
            // This process was told to stop meanwhile: it finishes what is in flight, and ends by itself.
            loop {
                thread::park();
            }
        }
        // If the other one is gone, it hears nothing.
        let _ = is_quiet.blocking_recv();
        let _ = wire.say(QUIET);
        let _ = has_ended.blocking_recv();
        log::info!("stopped");
        log::logger().flush();
        process::exit(0);
    }
}

/// Whether the other process said what it was to say.
fn said(line: Option<String>, expected: &str) -> io::Result<()> {
    let why = match line {
        Some(line) if line == expected => return Ok(()),
        Some(line) => line.strip_prefix(FAILED).unwrap_or(&line).to_owned(),
        None => "it ended before it served".to_owned(),
    };
    Err(io::Error::other(why))
}
