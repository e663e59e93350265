//! Starts the real programs for black-box tests: on a free port, in a temporary folder, waiting for conditions.
//!
//! A program ends with its test. If the test fails, the log of the program is shown.
//!
//! ```no_run
//! # async fn example() {
//! use harness::Setup;
//!
//! let users = Setup::new("target/debug/users").demo().start().await;
//! let answer = users.get("/api/users/1").await;
//! assert_eq!(answer.status, 200);
//! # }
//! ```

mod answer;
mod authority;
mod bouncer;
mod golden;
mod line;
mod moving;
mod neighbour;
mod ports;
mod postgres;
mod program;
mod stores;
mod wait;

pub use answer::Answer;
pub use authority::{TestAuthority, TestCertificate};
pub use bouncer::Bouncer;
pub use golden::golden_reads;
pub use line::{Cut, Line};
pub use moving::MOVE_TOKEN;
pub use neighbour::{Manner, Neighbour};
pub use ports::{free_port, free_ports};
pub use postgres::{TestDatabase, postgres};
pub use program::{Program, Setup, client};
pub use wait::{needs, signal, until};
