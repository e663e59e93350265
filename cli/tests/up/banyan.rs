//! The binary under test.

use std::future::ready;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use harness::until;

/// A `banyan` that was started; killed when this is dropped.
pub(crate) struct Banyan {
    child: Child,
    stdout: Text,
    stderr: Text,
}

/// What is left of one that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Banyan {
    /// Starts it.
    pub(crate) fn start(command: Command) -> Self {
        let mut child = spawn(command);
        let stdout = child.stdout.take().expect("standard output is piped");
        Self::of(child, stdout)
    }

    /// Starts it with nobody to read what it prints.
    pub(crate) fn start_unheard(command: Command) -> Self {
        let mut child = spawn(command);
        drop(child.stdout.take());
        Self::of(child, io::empty())
    }

    fn of(mut child: Child, stdout: impl Read + Send + 'static) -> Self {
        let stderr = child.stderr.take().expect("standard error is piped");
        Self { child, stdout: Text::drain(stdout), stderr: Text::drain(stderr) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// Waits until it prints these words.
    pub(crate) async fn says(&mut self, words: &str) {
        until(&format!("banyan says {words:?}"), || {
            let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
            ready(ended || self.stdout().contains(words))
        })
        .await;
        assert!(self.stdout().contains(words), "it ended without saying {words:?}");
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(mut self) -> Ended {
        let mut status = None;
        until("banyan ends", || {
            status = self.child.try_wait().expect("a child can be waited for");
            ready(status.is_some() && self.stdout.is_whole() && self.stderr.is_whole())
        })
        .await;
        let code = status.expect("it has ended").code();
        Ended { code, stdout: self.stdout(), stderr: self.stderr.so_far() }
    }
}

impl Drop for Banyan {
    fn drop(&mut self) {
        // Where these fail it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- banyan said ---\n{}{}", self.stdout(), self.stderr.so_far());
        }
    }
}

fn spawn(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("banyan can be started")
}

/// Sends a process a signal such as `TERM`.
pub(crate) fn signal(name: &str, pid: u32) {
    harness::signal(name, pid);
}

/// What a process writes to one of its outputs, and the thread that reads it.
struct Text {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Text {
    fn drain(output: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let read = Arc::clone(&text);
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut text = read.lock().expect("nobody panics with the text");
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("nobody panics with the text").clone()
    }

    fn is_whole(&self) -> bool {
        self.reader.is_finished()
    }
}
