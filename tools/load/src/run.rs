//! A run: its clients, then the check of what the board has.

use std::mem::take;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::board::Board;
use crate::check::check;
use crate::client::Client;
use crate::ledger::Ledger;
use crate::mix::Mix;
use crate::options::Options;
use crate::references::References;
use crate::report::Report;
use crate::standing::Standing;
use crate::tally::Tally;
use crate::work::{Counts, Workload};

/// How often it is told how far the run is.
const TOLD: Duration = Duration::from_millis(200);

/// Asks the board at this URL, then compares it with the answers. Tells `watch` some times a second how far it is.
///
/// # Errors
/// The URL cannot be asked, or the board does not answer at the start.
pub async fn run(
    url: &str,
    options: &Options,
    mut watch: impl FnMut(Standing),
) -> Result<Report, String> {
    let board = Board::at(url)?;
    let run = run_number();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let interrupts = signal(SignalKind::interrupt());
    let mut interrupts = interrupts.map_err(|error| format!("cannot start: {error}"))?;
    let references = References::find(&board, run, &options.collection).await?;
    let start = Instant::now();
    let work = Arc::new(Workload {
        board,
        options: options.clone(),
        references,
        start,
        end: start + Duration::from_secs(options.seconds.into()),
        writes_left: AtomicU64::new(options.writes.unwrap_or(u64::MAX)),
        finished: AtomicBool::new(false),
        counts: Counts::default(),
    });
    let mut running = JoinSet::new();
    for number in 0..options.clients {
        let mix = Mix::new(seed, number, &options.collection);
        running.spawn(Client::new(Arc::clone(&work), mix, Ledger::new(run, number)).run());
    }
    let (mut tally, mut records) = (Tally::default(), Vec::new());
    let mut ticks = interval(TOLD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => watch(Standing::asking(&work)),
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
    let mut check = pin!(check(&work, run, records));
    let found = loop {
        tokio::select! {
            found = &mut check => break found,
            Some(()) = interrupts.recv() => break Err("it was interrupted".to_owned()),
            _ = ticks.tick() => watch(Standing::checking(&work, members)),
        }
    };
    Ok(Report::new(&work, seed, took, members, tally, found))
}

/// Tells the members of this run from those of any other.
fn run_number() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as u64 * 1_000 + u64::from(std::process::id()) % 1_000
}
