//! Reads the whole board, its lists and each member of the ledgers, and says where it is not as they have it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use replication::Position;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::board::{Answer, Board};
use crate::client::ClientRecord;
use crate::content::Collection;
use crate::differences::Differences;
use crate::lists::Lists;
use crate::work::Workload;

/// For how long a read is tried again that fails: a program that crashed may still be starting.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(250);
const AGENT: &str = "banyan-load/check";

/// # Errors
/// The board cannot be read.
pub(crate) async fn check(
    work: &Arc<Workload>,
    run: u64,
    records: Vec<ClientRecord>,
) -> Result<Differences, String> {
    let mut lists = Lists::new(run, records.iter().map(|record| &record.ledger));
    for collection in Collection::ALL {
        let mut members = records.iter().flat_map(|record| record.ledger.members());
        if members.any(|member| member.collection == collection) {
            let positions = records.iter().filter_map(|record| record.positions.get(&collection));
            walk(&work.board, collection, positions.max().copied(), &mut lists).await?;
        }
    }
    let mut differences = lists.end();
    let mut running = JoinSet::new();
    for record in records {
        let work = Arc::clone(work);
        running.spawn(async move { members(&work, &record).await });
    }
    while let Some(found) = running.join_next().await {
        differences.extend(found.map_err(|error| error.to_string())??);
    }
    Ok(differences)
}

/// Reads a whole collection, page by page.
async fn walk(
    board: &Board,
    collection: Collection,
    position: Option<Position>,
    lists: &mut Lists<'_>,
) -> Result<(), String> {
    let mut next = Some(format!("/{}?limit=1000&view=full", collection.name()));
    while let Some(path) = next {
        let page = read(board, &path, AGENT, position, &[StatusCode::OK]).await?;
        let Value::Array(members) = page.json() else {
            return Err(format!("{}{path} is not a list", board.url));
        };
        members.iter().for_each(|member| lists.member(collection, member));
        next = page.next().map(str::to_owned);
    }
    Ok(())
}

/// Reads each member that a client made.
async fn members(work: &Workload, record: &ClientRecord) -> Result<Differences, String> {
    let mut differences = Differences::default();
    for member in record.ledger.members() {
        let Some(id) = member.id else { continue };
        let position = record.positions.get(&member.collection).copied();
        let place = member.collection.place(id);
        let path = format!("{place}?view=full");
        let wanted = [StatusCode::OK, StatusCode::NOT_FOUND];
        let answer = read(&work.board, &path, &record.agent, position, &wanted).await?;
        work.counts.checked.fetch_add(1, Relaxed);
        if let Some(what) = member.differs_from(&answer) {
            differences.add(place, format!("read in the end, it {what}"));
        }
    }
    Ok(differences)
}

/// Reads until it is answered with one of these.
async fn read(
    board: &Board,
    path: &str,
    agent: &str,
    position: Option<Position>,
    wanted: &[StatusCode],
) -> Result<Answer, String> {
    let start = Instant::now();
    loop {
        let why = match board.get(path, agent, position).await {
            Ok(answer) if wanted.contains(&answer.status) => return Ok(answer),
            Ok(answer) => answer.detail(),
            Err(lost) => lost.cause,
        };
        if start.elapsed() > PATIENCE {
            return Err(format!("{}{path}: {why}", board.url));
        }
        sleep(BETWEEN_ATTEMPTS).await;
    }
}
