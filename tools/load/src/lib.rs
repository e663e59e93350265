//! Many clients at once. Each remembers what the board answered; at the end the board must say the same.
//!
//! Only one client writes a given member, one write at a time, so the client always knows what the member must be. If
//! an answer is lost, the member may be in one of two states. `banyan load` runs this on the command line.
//!
//! ```no_run
//! # async fn example(options: load::Options) -> Result<(), String> {
//! let report = load::run("http://127.0.0.1:8080", &options, |_| {}).await?;
//! assert!(report.is_well(), "{report}");
//! # Ok(())
//! # }
//! ```

mod options;
mod run;
mod standing;

mod references;
mod work;

mod board;
mod client;
mod content;
mod ledger;
mod mix;

mod check;
mod differences;
mod lists;
mod report;
mod tally;

pub use options::Options;
pub use report::Report;
pub use run::run;
pub use standing::Standing;

#[cfg(test)]
mod tests;
