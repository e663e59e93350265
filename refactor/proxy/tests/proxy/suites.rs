//! Tables of what hostile clients and services send, each case with what must happen. What a service received is read here
//! by a parser that shares no code with the proxy: it must be exactly the requests that were accepted.

mod bodies;
mod broken_frames;
mod frames;
mod http2;
mod lines;
mod recorder;
mod smuggling;
mod upstream;
