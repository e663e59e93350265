//! The binary under test.

use std::future::ready;
use std::io::{BufRead, BufReader, Read};
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
        Self::start_read_until(command, None)
    }

    /// Starts it and waits until it prints these words, which are the last that it prints for the user.
    pub(crate) async fn start_unread_after(command: Command, words: &'static str) -> Self {
        let banyan = Self::start_read_until(command, Some(words));
        until(&format!("banyan says {words:?}"), || ready(banyan.stdout.is_whole())).await;
        assert!(banyan.stdout().contains(words), "it ended without saying {words:?}");
        banyan
    }

    fn start_read_until(mut command: Command, words: Option<&'static str>) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("banyan can be started");
        let stdout = Text::drain(child.stdout.take().expect("standard output is piped"), words);
        let stderr = Text::drain(child.stderr.take().expect("standard error is piped"), None);
        Self { child, stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.so_far()
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
        // If these fail, it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- banyan said ---\n{}{}", self.stdout(), self.stderr.so_far());
        }
    }
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
    /// Reads to the end, or to the line with these words.
    fn drain(output: impl Read + Send + 'static, words: Option<&'static str>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let read = Arc::clone(&text);
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut text = read.lock().expect("no thread panics with the text");
                text.push_str(&line);
                text.push('\n');
                if words.is_some_and(|words| line.contains(words)) {
                    break;
                }
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("no thread panics with the text").clone()
    }

    fn is_whole(&self) -> bool {
        self.reader.is_finished()
    }
}
