//! Many clients at once. Each remembers what the board answered; at the end the board must say the same.
//!
//! Only one client writes a given member, one write at a time, so the client always knows what the member must be. If
//! an answer is lost, the member may be in one of two states. `banyan load` runs this on the command line.
//!
//! ```no_run
//! # async fn example(options: load::Options) -> Result<(), String> {
//! let report = load::run("http://127.0.0.1:8080", &options).await?;
//! assert!(report.is_well(), "{report}");
//! # Ok(())
//! # }
//! ```

mod board;
mod client;
mod content;
mod ledger;
mod mix;

mod check;
mod lists;
mod report;
mod tally;

#[cfg(test)]
mod tests;

use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::Instant;

use board::Board;
use client::{Client, References};
use content::Collection;
use ledger::Ledger;
use mix::Mix;
pub use report::Report;
use tally::Tally;

/// How many clients there are, for how long, and what they do. Ctrl-C ends it early, and another one its check.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How many clients there are at once.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    clients: u32,
    /// For how long they ask.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// How many writes they send at most, all together.
    #[arg(long, value_name = "N")]
    writes: Option<u64>,
    /// How many writes they send a second at most, all together.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// What they write.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Collection::ALL)]
    collection: Vec<Collection>,
    /// Read each member at once after it was written.
    #[arg(long)]
    read_after_write: bool,
    /// Repeats the choices of another run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// What all clients share.
struct Work {
    board: Board,
    options: Options,
    references: References,
    start: Instant,
    end: Instant,
    writes_left: AtomicU64,
    finished: AtomicBool,
}

impl Work {
    fn is_done(&self) -> bool {
        self.finished.load(Relaxed) || Instant::now() >= self.end
    }

    /// Whether one more write may be sent.
    fn take(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        !self.is_done() && self.writes_left.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }
}

/// Asks the board at this URL, then compares it with the answers.
///
/// # Errors
/// The URL cannot be asked, or the board does not answer at the start.
pub async fn run(url: &str, options: &Options) -> Result<Report, String> {
    let board = Board::at(url)?;
    let run = run_number();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let interrupts = signal(SignalKind::interrupt());
    let mut interrupts = interrupts.map_err(|error| format!("cannot start: {error}"))?;
    let references = References::find(&board, run, &options.collection).await?;
    let start = Instant::now();
    let work = Arc::new(Work {
        board,
        options: options.clone(),
        references,
        start,
        end: start + Duration::from_secs(options.seconds.into()),
        writes_left: AtomicU64::new(options.writes.unwrap_or(u64::MAX)),
        finished: AtomicBool::new(false),
    });
    let mut running = JoinSet::new();
    for number in 0..options.clients {
        let mix = Mix::new(seed, number, &options.collection);
        running.spawn(Client::new(Arc::clone(&work), mix, Ledger::new(run, number)).run());
    }
    let (mut tally, mut records) = (Tally::default(), Vec::new());
    loop {
        tokio::select! {
            ended = running.join_next() => {
                let Some(record) = ended else { break };
                let mut record = record.map_err(|error| error.to_string())?;
                tally.extend(take(&mut record.tally));
                records.push(record);
            }
            Some(()) = interrupts.recv(), if !work.is_done() => work.finished.store(true, Relaxed),
        }
    }
    let took = start.elapsed();
    let members = records.iter().map(|record| record.ledger.members().len()).sum();
    let found = tokio::select! {
        found = check::check(&work, run, records) => found,
        Some(()) = interrupts.recv() => Err("it was interrupted".to_owned()),
    };
    Ok(Report::new(&work, seed, took, members, tally, found))
}

/// Tells the members of this run from those of any other.
fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as u64 * 1_000 + u64::from(std::process::id()) % 1_000
}
