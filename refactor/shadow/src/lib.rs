//! Compares the two answers to a mirrored read.
//!
//! Nothing here opens a socket. A [`Sample`] keeps an answer while it passes to the client, and gives a [`Capture`] at
//! its end. A [`Comparison`] compares it with the answer of the other side: JSON by its structure, anything else by its
//! bytes, both after they were decoded. It leaves out what its [`Pointer`]s name, and what differs by itself, which it learns from reads that go
//! twice to the same side. A [`DifferenceLog`] keeps the last differences for people to look at, and a
//! [`ShadowReport`] says what a shadow found.
//!
//! ```
//! use http1::ResponseHead;
//! use shadow::{Capture, Comparison, Pointer, Verdict};
//!
//! let answer = |body: &str| {
//!     let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
//!     let parsed = ResponseHead::parse_final(head.as_bytes(), &http::Method::GET, None).unwrap();
//!     let mut capture = Capture::new(&parsed, head.as_bytes());
//!     capture.push(body.as_bytes());
//!     capture
//! };
//! let comparison = Comparison::new(Pointer::list("/at").unwrap());
//! let (mut one, mut other) = (answer(r#"{"n":1,"at":7}"#), answer(r#"{ "at": 8, "n": 1 }"#));
//! assert_eq!(comparison.judge(&mut one, &mut other), Verdict::Same);
//! let Verdict::Different(places) = comparison.judge(&mut one, &mut answer(r#"{"n":2}"#)) else { panic!() };
//! assert_eq!(places[0].to_string(), "/n");
//! ```

mod capture;
mod compare;
mod comparison;
mod decode;
mod differences;
mod noise;
mod pointer;
mod report;
mod sample;

pub use capture::Capture;
pub use compare::DifferingPart;
pub use comparison::{Comparison, Verdict};
pub use differences::{AskedRequest, Difference, DifferenceLog, ServiceAnswer};
pub use pointer::Pointer;
pub use report::{
    AnswerReport, DifferenceReport, NotCompared, RequestReport, ShadowCounts, ShadowReport,
};
pub use sample::Sample;
