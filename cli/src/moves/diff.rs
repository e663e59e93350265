//! `banyan diff`: shows the comparison until it has ended, and names each row that differs.

use std::process::ExitCode;

use refactor::Diff;
use reqwest::Client;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::args::MoveArgs;
use super::ask::{MoveControl, POLL, SHOWN};
use crate::progress::{Part, Progress};
use crate::say::say;

/// Exit code 0 where both sides are the same, 1 otherwise.
pub(crate) async fn run(args: &MoveArgs, http: Client) -> Result<ExitCode, String> {
    let control = MoveControl::new(args, http)?;
    let mut found = control.command("diff", json!({})).await?;
    let (mut progress, start, before) =
        (Progress::on_output(SHOWN), Instant::now(), found.diff.rows_compared);
    while found.diff.state == "running" {
        let rows = found.diff.rows_compared.saturating_sub(before);
        let rate = rows as f64 / start.elapsed().as_secs_f64().max(0.1);
        progress.show(part(&found.diff), &told(&found.diff, rate), &[]);
        sleep(POLL).await;
        found = control.look(&found).await?;
    }
    progress.clear();
    let (collection, diff) = (&found.collection, &found.diff);
    let rows = diff.rows_compared;
    let moving = match diff.moving {
        0 => String::new(),
        moving => format!("; {moving} changed at each look, which is no difference"),
    };
    match diff.state.as_str() {
        "verified" => {
            say(format_args!("{collection}: verified; {rows} rows compared, none differs{moving}"));
            Ok(ExitCode::SUCCESS)
        }
        "differs" => {
            for difference in &diff.differences {
                say(format_args!("  {collection}/{}  {}", difference.id, difference.what));
            }
            let more = diff.count.saturating_sub(diff.differences.len() as u64);
            if more > 0 {
                say(format_args!("  and {more} more"));
            }
            let differ = if diff.count == 1 { "differs" } else { "differ" };
            Err(format!("{collection}: {} of {rows} rows {differ}{moving}", diff.count))
        }
        state => {
            let detail = diff.detail.as_deref().unwrap_or(state);
            Err(format!(
                "{collection}: not compared: {detail}; `banyan diff {collection}` goes on where it was"
            ))
        }
    }
}

fn told(diff: &Diff, rate: f64) -> String {
    let of = diff.progress.as_ref();
    let of = of.map_or(String::new(), |at| format!(", up to id {} of {}", at.id, at.of));
    format!("{} rows compared, {rate:.0} rows/s{of}", diff.rows_compared)
}

/// How much is compared; none if the keys are no numbers.
fn part(diff: &Diff) -> Option<Part> {
    let progress = diff.progress.as_ref()?;
    Some(Part { done: progress.id.parse().ok()?, all: progress.of.parse().ok()? })
}
