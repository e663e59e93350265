//! Checks a running program against the protocol of a move (`docs/protocol.md`): any program, in any language.
//!
//! It asks the program as a coordinator, a follower and a client do, and plays the other side of a move itself: the
//! program hands its collection over, follows back, and gets it again. A check that fails names the rule that is broken.
//!
//! ```no_run
//! use conformance::Options;
//!
//! # async fn example(options: Options) -> Result<(), String> {
//! let token = "a-secret-of-both-sides".parse().map_err(|_error| "no token")?;
//! let report = conformance::run("http://127.0.0.1:3000/api/users", token, &options).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

mod options;
mod report;
mod rule;

mod all;
mod other_side;
mod run;
mod sample;
mod stop;
mod subject;

mod checks;

pub use all::run;
pub use options::Options;
pub use report::{Finding, Report};
pub use rule::Rule;
