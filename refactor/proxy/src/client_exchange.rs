//! An exchange as the client sees it, whichever version of HTTP it speaks.

use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll};

use http1::{HeaderField, Status};

/// Why the rest of a request's body does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is not as its framing says.
    Malformed(&'static str),
    /// It is larger than what is taken, in bytes.
    TooLarge(u64),
    /// The client was too slow.
    TooSlow,
    /// The client went away.
    Gone,
}

/// How a client stopped sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It has said everything, whenever it says so. Whether it still listens cannot be told before it is answered.
    Silent,
    /// It is known to have left: a reset.
    Gone,
}

/// How the body of an answer follows its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// There is none, whatever a length says that is passed on.
    None(Option<u64>),
    /// So many bytes.
    Length(u64),
    /// As many as come.
    Unknown,
}

/// One exchange as the client sees it: the body of its request comes, one answer goes.
pub(crate) trait ClientExchange: Send {
    /// The address of the client.
    fn peer(&self) -> IpAddr;

    /// Sets how many bytes the request's body may have; none before that.
    fn limit_body(&mut self, bytes: u64);

    /// Appends what comes next of the request's body; false once it is over.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, BodyError>>;

    /// Whether the client waits to be told to send the request's body (RFC 9110, 10.1.1). One that sends it does not wait.
    fn waits_to_go_on(&self) -> bool;

    /// Tells the client to send the body, if it waits for that.
    fn go_on(&mut self, context: &mut Context<'_>);

    /// Passes on an interim answer other than 100, if the client is sure to know what that is.
    fn hint(&mut self, status: Status, fields: &[HeaderField<'_>]);

    /// Drops the part of an unwanted body that has arrived.
    fn skip_body(&mut self);

    /// Ready once the client sends no more. What it sends meanwhile is taken in, as far as there is room.
    fn poll_left(&mut self, context: &mut Context<'_>) -> Poll<Left>;

    /// Begins the answer with its status and fields; only those that go end to end are sent.
    fn begin(&mut self, status: Status, fields: &[HeaderField<'_>], body: BodyLength);

    /// Takes the next part of the answer's body. The caller waits for [`ClientExchange::poll_flush`] before it sends the next
    /// part, so the data kept here is bounded.
    fn push(&mut self, part: &[u8]);

    /// Ends the answer.
    fn end(&mut self);

    /// Ready once all that was taken is sent.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Gives the answer up, so that the client sees that it is not whole.
    fn abort(&mut self);
}
