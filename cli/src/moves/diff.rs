//! `banyan diff`: shows the comparison until it has ended, and names each row that differs.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::MoveArgs;
use super::ask::{Control, POLL};
use crate::say::say;

/// How often the progress is shown.
const SHOWN: Duration = Duration::from_secs(1);

/// Exit code 0 where both sides are the same, 1 otherwise.
pub(super) async fn run(control: &Control, args: &MoveArgs) -> Result<ExitCode, String> {
    let options = json!({ "application": args.application });
    let mut found = control.command(&args.collection, "diff", &options).await?;
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
