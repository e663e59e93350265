//! The data plane over real sockets: real clients in front, services of every manner behind.

mod bodies;
mod draining;
mod failures;
mod flips;
mod forwarding;
mod http2;
mod many;
mod plane;
mod service;
mod strict;
