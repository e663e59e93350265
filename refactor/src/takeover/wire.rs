//! Lines and listening sockets over a Unix socket.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// The longest line, in bytes.
pub(super) const LINE_BYTES: usize = 1_024;

/// One side of the socket.
#[derive(Debug)]
pub(super) struct Wire(UnixStream);

impl Wire {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// For how long each line is waited for from now on.
    pub(super) fn allow(&self, time: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(time)
    }

    /// Ends it for both sides.
    pub(super) fn close(&self) {
        // One that is closed already is closed.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    pub(super) fn say(&self, line: &str) -> io::Result<()> {
        (&self.0).write_all(format!("{line}\n").as_bytes())
    }

    /// The next line; nothing at the end.
    pub(super) fn hear(&self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut byte = [0];
        // One byte after the other: a socket that follows comes with a byte of its own.
        while line.len() < LINE_BYTES {
            match (&self.0).read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) if byte == *b"\n" => {
                    return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
                }
                Ok(_) => line.extend(byte),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("a line is too long"))
    }

    /// Sends a listening socket (unix(7), SCM_RIGHTS).
    pub(super) fn send(&self, socket: &TcpListener) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let sockets = [socket.as_fd()];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&sockets));
        sendmsg(&self.0, &[IoSlice::new(&[0])], &mut control, SendFlags::empty())?;
        Ok(())
    }

    /// Receives a listening socket.
    pub(super) fn receive(&self) -> io::Result<TcpListener> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        recvmsg(&self.0, &mut [IoSliceMut::new(&mut [0])], &mut control, RecvFlags::empty())?;
        let sockets = control.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
            _ => None,
        });
        let socket: OwnedFd =
            sockets.flatten().next().ok_or_else(|| io::Error::other("no socket came"))?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        Ok(socket.into())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    use super::Wire;

    #[test]
    fn a_socket_that_is_sent_has_the_same_queue() {
        let (one, other) = UnixStream::pair().unwrap();
        let (one, other) = (Wire::new(one), Wire::new(other));
        let sent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = sent.local_addr().unwrap();
        one.say("yes 1").unwrap();
        one.send(&sent).unwrap();
        one.say("more").unwrap();
        let client = TcpStream::connect(address).unwrap();
        drop(sent);
        assert_eq!(other.hear().unwrap().as_deref(), Some("yes 1"));
        let received = other.receive().unwrap();
        assert_eq!(other.hear().unwrap().as_deref(), Some("more"));
        let (_, peer) = received.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap(), "it waited while no process listened");
        drop(one);
        assert_eq!(other.hear().unwrap(), None);
        assert!(other.receive().is_err());
    }
}
