//! The client's own answer, kept while it passes.

use http1::ResponseHead;
use tokio::sync::oneshot;

use super::capture::Capture;

/// Takes what the client gets to where it is compared. Dropped before its end, it says that there is nothing
/// to compare.
#[derive(Debug)]
pub struct Sample {
    capture: Capture,
    tell: oneshot::Sender<Capture>,
}

impl Sample {
    /// What is given the answer, and what gets it at its end.
    pub fn new() -> (Self, oneshot::Receiver<Capture>) {
        let (tell, answer) = oneshot::channel();
        (Self { capture: Capture::default(), tell }, answer)
    }

    /// Takes the head of the answer.
    pub fn begin(&mut self, answer: &ResponseHead<'_>, head: &[u8]) {
        self.capture = Capture::new(answer, head);
    }

    /// Takes the next part of its body.
    pub fn push(&mut self, part: &[u8]) {
        self.capture.push(part);
    }

    /// The answer is over.
    pub fn end(self) {
        // A copy whose time is up waits for nothing any more.
        let _ = self.tell.send(self.capture);
    }
}
