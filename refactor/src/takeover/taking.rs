//! The new process, which takes over from the one that runs.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{process, thread};

use proxy::{Beside, DataPlane};
use runtime::ListenAddress;
use tokio::sync::oneshot;

use super::wire::{LINE_BYTES, Wire};
use super::{FAILED, GO, NO, QUIET, READY, SERVES, SOCKET, TAKE, YES};

/// How long to wait before a process is asked again.
const PAUSE: Duration = Duration::from_millis(50);
/// A process that is about to end closes a new connection sooner than this.
const END_TIME: Duration = Duration::from_secs(1);

/// What the process that runs gave.
#[derive(Debug)]
pub(crate) struct TakenOver {
    folder: PathBuf,
    control: Option<TcpListener>,
    others: Vec<TcpListener>,
    wire: Wire,
}

/// Asks the process that runs on this data folder to give way, and waits until it has closed the state; nothing if none
/// runs. If it ends meanwhile, it asks again.
///
/// # Errors
/// If it does not give way.
pub(crate) async fn ask(folder: &Path) -> io::Result<Option<TakenOver>> {
    let folder = folder.to_owned();
    let asking = move || {
        while let Some(stream) = connect(&folder)? {
            if let Some(taken) = take(Wire::new(stream), &folder)? {
                return Ok(Some(taken));
            }
            thread::sleep(PAUSE);
        }
        Ok(None)
    };
    beside(asking).await?
}

/// Runs on a thread that does not keep the process from stopping.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (tell, told) = oneshot::channel();
    thread::Builder::new().name("takeover".to_owned()).spawn(move || {
        // If the caller is gone, the process stops.
        let _ = tell.send(work());
    })?;
    told.await.map_err(io::Error::other)
}

/// A connection to the process that runs; nothing if none does.
fn connect(folder: &Path) -> io::Result<Option<UnixStream>> {
    match UnixStream::connect(folder.join(SOCKET)) {
        Ok(stream) => Ok(Some(stream)),
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What a process gives; nothing if it ended.
///
/// # Errors
/// If it does not give way.
fn take(wire: Wire, folder: &Path) -> io::Result<Option<TakenOver>> {
    let asked = wire.say(&format!("{TAKE}{}", process::id()));
    fault::point("takeover.new.asked");
    let Ok(Some(answer)) = asked.and_then(|()| wire.hear()) else { return Ok(None) };
    let count = answer.strip_prefix(YES).and_then(|count| count.trim().parse::<usize>().ok());
    let Some(count) = count else {
        let why = answer.strip_prefix(NO).unwrap_or(&answer);
        let message = format!("the process that runs does not give way: {}", why.trim());
        return Err(io::Error::other(message));
    };
    let sockets: io::Result<Vec<_>> = (0..count).map(|_| wire.receive()).collect();
    let Ok(mut sockets) = sockets else { return Ok(None) };
    fault::point("takeover.new.taken");
    let others = sockets.split_off(sockets.len().min(1));
    Ok(Some(TakenOver { folder: folder.to_owned(), control: sockets.pop(), others, wire }))
}

impl TakenOver {
    /// The socket of the control port, if this process is to listen there.
    pub(crate) fn control(&mut self, wanted: &ListenAddress) -> Option<TcpListener> {
        let host = |socket: &TcpListener| socket.local_addr().map(|address| address.ip()).ok();
        let any = |socket: &TcpListener| wanted.port == 0 && host(socket) == Some(wanted.host);
        self.control.take().filter(|control| is_at(control, wanted) || any(control))
    }

    /// The socket at another address, if there is one.
    pub(crate) fn other(&mut self, wanted: &ListenAddress) -> Option<TcpListener> {
        let found = self.others.iter().position(|other| is_at(other, wanted))?;
        Some(self.others.swap_remove(found))
    }

    /// Gives the sockets of applications to the data plane, before it opens any.
    ///
    /// # Errors
    /// If one is no listening socket.
    pub(crate) fn inherit(&mut self, plane: &DataPlane) -> io::Result<()> {
        plane.inherit(std::mem::take(&mut self.others))
    }

    /// Says why this process does not take over.
    pub(crate) fn failed(&self, why: &str) {
        let mut line = format!("{FAILED}{}", why.replace('\n', " "));
        let most = LINE_BYTES - 1;
        line.truncate((0..=most).rev().find(|at| line.is_char_boundary(*at)).unwrap_or_default());
        // If the other process is gone, it does not want to know.
        let _ = self.wire.say(&line);
    }

    /// Says that this process can serve. When this returns, it is the one that does; the other one is watched until it
    /// ends, on a thread of its own.
    ///
    /// # Errors
    /// If the other process went on by itself. This one must not go on: the other may have the state.
    pub(crate) async fn ready(self, plane: &DataPlane) -> io::Result<()> {
        plane.forget_inherited();
        let plane = plane.clone();
        let (tell, told) = oneshot::channel();
        let serving = beside(move || {
            let serves = self.serves(&plane);
            let is_ready = serves.is_ok();
            // If the caller is gone, the process stops.
            let _ = tell.send(serves);
            if is_ready {
                self.watch(&plane);
            }
        });
        tokio::select! {
            told = told => told.unwrap_or_else(|error| Err(io::Error::other(error))),
            Err(error) = serving => Err(error),
        }
    }

    /// Says that this process can serve, and waits until it may.
    fn serves(&self, plane: &DataPlane) -> io::Result<()> {
        fault::point("takeover.new.open");
        let goes = self.wire.say(READY).and_then(|()| {
            fault::point("takeover.new.ready");
            self.wire.hear()
        });
        let goes = goes.is_ok_and(|line| line.as_deref() == Some(GO));
        fault::point("takeover.new.go");
        if goes && self.wire.say(SERVES).is_ok() {
            plane.is_beside(Beside::Serving);
        } else if !is_gone(&self.folder)? {
            return Err(io::Error::other("the process that runs took back what it gave"));
        }
        Ok(())
    }

    /// Ends with the other process.
    fn watch(&self, plane: &DataPlane) {
        // A socket that breaks is that of a process that is gone.
        while let Ok(Some(line)) = self.wire.hear() {
            if line == QUIET {
                plane.is_beside(Beside::Finishing);
            }
        }
        plane.is_beside(Beside::Gone);
        log::info!("the earlier process has ended");
    }
}

/// Whether no process runs on this data folder but this one. One that is about to end is waited for.
fn is_gone(folder: &Path) -> io::Result<bool> {
    while let Some(stream) = connect(folder)? {
        let wire = Wire::new(stream);
        wire.allow(Some(END_TIME))?;
        match wire.hear() {
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Ok(Some(_)) | Err(_) => return Ok(false),
        }
        thread::sleep(PAUSE);
    }
    Ok(true)
}

fn is_at(socket: &TcpListener, wanted: &ListenAddress) -> bool {
    let wanted = (wanted.host, wanted.port).into();
    socket.local_addr().is_ok_and(|address| address == wanted)
}
