//! The new process, which takes over from the one that runs.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use proxy::{Beside, DataPlane};
use runtime::ListenAddress;
use tokio::sync::oneshot;

use super::wire::Wire;
use super::{GO, QUIET, READY, SOCKET, TAKE, YES};

/// What the process that runs gave.
#[derive(Debug)]
pub(crate) struct Taken {
    control: Option<TcpListener>,
    others: Vec<TcpListener>,
    wire: Wire,
}

/// Asks the process that runs on this data folder to give way, and waits until it has closed the state; nothing if none
/// runs.
///
/// # Errors
/// If it does not give way.
pub(crate) async fn ask(folder: &Path) -> io::Result<Option<Taken>> {
    let stream = match UnixStream::connect(folder.join(SOCKET)) {
        Ok(stream) => stream,
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let (tell, told) = oneshot::channel();
    // What waits here must not keep the process from stopping.
    thread::Builder::new().name("takeover".to_owned()).spawn(move || {
        let _ = tell.send(take(Wire::new(stream)));
    })?;
    told.await.unwrap_or_else(|_| Err(gone())).map(Some)
}

fn take(wire: Wire) -> io::Result<Taken> {
    wire.say(TAKE)?;
    let answer = wire.hear()?.ok_or_else(gone)?;
    let Some(("", count)) = answer.split_once(YES) else {
        let message = format!("the process that runs does not give way: {answer}");
        return Err(io::Error::other(message));
    };
    let count: usize = count.trim().parse().map_err(io::Error::other)?;
    let control = Some(wire.receive()?);
    let others = (1..count).map(|_| wire.receive()).collect::<io::Result<_>>()?;
    Ok(Taken { control, others, wire })
}

impl Taken {
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

    /// Says that this process takes traffic. When this returns, the other one ends; it is watched until then, on a thread
    /// of its own.
    ///
    /// # Errors
    /// If the other process went on by itself, or ended. This one must not go on: the other may have the state.
    pub(crate) fn ready(self, plane: &DataPlane) -> io::Result<()> {
        let Self { wire, .. } = self;
        plane.forget_inherited();
        wire.say(READY)?;
        if wire.hear()?.as_deref() != Some(GO) {
            return Err(gone());
        }
        plane.is_beside(Beside::Serving);
        let plane = plane.clone();
        thread::Builder::new().name("takeover".to_owned()).spawn(move || {
            // A socket that breaks is that of a process that is gone.
            while let Ok(Some(line)) = wire.hear() {
                if line == QUIET {
                    plane.is_beside(Beside::Finishing);
                }
            }
            plane.is_beside(Beside::Gone);
            log::info!("the earlier process has ended");
        })?;
        Ok(())
    }
}

fn is_at(socket: &TcpListener, wanted: &ListenAddress) -> bool {
    let wanted = (wanted.host, wanted.port).into();
    socket.local_addr().is_ok_and(|address| address == wanted)
}

fn gone() -> io::Error {
    io::Error::other("the process that runs took back what it gave, or ended")
}
