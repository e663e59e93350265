//! `banyan load`: many clients at once, each of which remembers what it was answered; in the end the board must say the
//! same.
//!
//! A member is written by one client only, one write at a time, so its client always knows what it must be. Where an
//! answer is lost, two things may be.

mod client;
mod content;
mod http;
mod ledger;
mod mix;
mod references;
mod work;

mod check;
mod compare;
mod differences;
mod lists;

mod report;
mod tally;

use std::mem::take;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use reqwest::Url;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::{DataDir, board, hold};
use check::check;
use client::Client;
use content::Collection;
use http::Board;
use ledger::Ledger;
use mix::Mix;
use references::References;
use report::Report;
use tally::Tally;
use work::Work;

/// How many clients there are, for how long, and what they do. Ctrl-C ends it early, and another one its check.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    data: DataDir,
    /// The proxy or program to ask, such as http://127.0.0.1:8080; without it the proxy of the board that runs on the
    /// data folder.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
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
    /// Report in JSON.
    #[arg(long)]
    json: bool,
}

/// Exit code 0 where every request was answered as it must be and the board is as the clients know it, 1 otherwise.
pub(crate) fn run(args: &LoadArgs) -> Result<ExitCode, String> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let report = runtime.block_on(load(args))?;
    report.print(args.json)?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn load(args: &LoadArgs) -> Result<Report, String> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => proxy(&args.data.data_dir).await?,
    };
    let board = Arc::new(Board::at(&url)?);
    let run = run_number();
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let interrupts = signal(SignalKind::interrupt());
    let mut interrupts = interrupts.map_err(|error| format!("cannot start: {error}"))?;
    let references = References::find(&board, run, &args.collection).await?;
    let start = Instant::now();
    let end = start + Duration::from_secs(args.seconds.into());
    let work = Arc::new(Work::new(start, end, args.writes));
    let mut running = JoinSet::new();
    for number in 0..args.clients {
        let mix = Mix::new(seed, number, &args.collection);
        let ledger = Ledger::new(run, number);
        let client = Client::new(Arc::clone(&board), Arc::clone(&work), references, mix, ledger);
        let client = client.that_reads_after_writes(args.read_after_write);
        running.spawn(client.at_a_rate(args.rate, args.clients).run());
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
            Some(()) = interrupts.recv(), if !work.is_done() => work.finish(),
        }
    }
    let took = start.elapsed();
    let records = Arc::new(records);
    let found = tokio::select! {
        found = check(&board, run, &records) => found,
        Some(()) = interrupts.recv() => Err("it was interrupted".to_owned()),
    };
    let members = records.iter().map(|record| record.ledger.members().len()).sum();
    Ok(Report::new(&board, args.clients, seed, took, members, tally, found))
}

/// The URL of the proxy of the board that runs on this folder.
async fn proxy(data_dir: &Path) -> Result<Url, String> {
    let holder = hold::running(data_dir)?;
    let http = server::http_client(false).map_err(|error| format!("cannot ask: {error}"))?;
    let traffic = board::control(&holder.seats, data_dir, http)?.traffic().await?;
    let first = traffic.iter().find_map(|route| Url::parse(&route.from).ok());
    let mut url = first.ok_or("the refactor proxy has no route; --url says whom to ask")?;
    url.set_path("");
    Ok(url)
}

/// Tells the members of this run from those of any other.
fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as u64 * 1_000 + u64::from(std::process::id()) % 1_000
}
