//! A command on a terminal.

use std::fs::{File, OpenOptions};
use std::future::ready;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use harness::until;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A command that runs on a terminal of its own; killed when this is dropped.
pub(crate) struct Terminal {
    child: Child,
    text: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts it on a terminal of so many columns.
    pub(crate) fn run(mut command: Command, columns: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("it is ours");
        unlockpt(&controller).expect("it can be used");
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&controller, size).expect("it has a size");
        let name = ptsname(&controller, Vec::new()).expect("it has a name");
        let name = name.to_str().expect("a path of text");
        let open =
            || OpenOptions::new().read(true).write(true).open(name).expect("it can be opened");
        command.stdin(Stdio::null()).stdout(open()).stderr(open());
        let child = command.spawn().expect("banyan can be started");
        // This would keep the terminal open.
        drop(command);
        let text = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&text);
        thread::spawn(move || {
            let (mut controller, mut part) = (File::from(controller), [0; 4096]);
            // Once the command has ended, this is an error.
            while let Ok(length) = controller.read(&mut part) {
                read.lock().expect("no thread panics with it").extend_from_slice(&part[..length]);
            }
        });
        Self { child, text }
    }

    /// What it wrote so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().expect("no thread panics with it")).into_owned()
    }

    /// Waits until it has ended well: what it wrote.
    pub(crate) async fn ended(mut self) -> String {
        let mut status = None;
        until("it ends", || {
            status = self.child.try_wait().expect("a child can be waited for");
            // The thread has the other one until it has read everything.
            ready(status.is_some() && Arc::strong_count(&self.text) == 1)
        })
        .await;
        assert!(status.is_some_and(|status| status.success()), "{:?}", self.text());
        self.text()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // If these fail, it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
