//! The data plane over real sockets: real clients in front, services of every manner behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod bodiless;
mod canary;
mod certificate;
mod downstream;
mod draining;
mod expect;
mod failures;
mod flips;
mod floods;
mod forwarding;
mod http2;
mod limits;
mod many;
mod ownership;
mod plane;
mod private_authorities;
mod public_hosts;
mod public_urls;
mod service;
mod shadow;
mod store;
mod strict;
mod suites;
mod tls;
mod websocket;
mod zero_window;
