//! `banyan diff`: shows the comparison until it has ended, and names each row that differs.

use std::process::ExitCode;

use reqwest::Client;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::args::MoveArgs;
use super::ask::{MoveControl, POLL, SHOWN};
use crate::say::say;

/// Exit code 0 where both sides are the same, 1 otherwise.
pub(crate) async fn run(args: &MoveArgs, http: Client) -> Result<ExitCode, String> {
    let control = MoveControl::new(args, http)?;
    let mut found = control.command("diff", json!({})).await?;
    let mut shown = Instant::now();
    while found.diff.state == "running" {
        if shown.elapsed() > SHOWN {
            shown = Instant::now();
            let of = found.diff.progress.as_ref();
            let of = of.map_or(String::new(), |at| format!(", up to id {} of {}", at.id, at.of));
            say(format_args!("  {} rows compared{of}", found.diff.rows_compared));
        }
        sleep(POLL).await;
        found = control.look(&found).await?;
    }
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
            Err(format!("{collection}: {} of {rows} rows differ{moving}", diff.count))
        }
        state => {
            let detail = diff.detail.as_deref().unwrap_or(state);
            Err(format!(
                "{collection}: not compared: {detail}; `banyan diff {collection}` goes on where it was"
            ))
        }
    }
}
