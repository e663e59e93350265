//! `banyan follow`: shows the copying until the follower has caught up.

use std::process::ExitCode;

use refactor::Move;
use replication::{FollowerState, Following};
use reqwest::Client;
use serde_json::json;
use tokio::time::sleep;

use super::args::FollowArgs;
use super::ask::{MoveControl, POLL, SHOWN};
use super::shown::{self, lag};
use crate::progress::{Part, Progress};
use crate::say::say;

/// Exits 0 once the follower has caught up.
pub(crate) async fn run(args: &FollowArgs, http: Client) -> Result<ExitCode, String> {
    let control = MoveControl::new(&args.what, http)?;
    let options = json!({ "target": args.target, "maxRowsPerSecond": args.max_rows_per_second });
    let mut found = control.command("follow", options).await?;
    shown::outcome(&found);
    if args.no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    let mut progress = Progress::on_output(SHOWN);
    loop {
        let following = following(&found);
        let text = following.map_or_else(|| begins(&found), told);
        match following {
            Some(Following { state: FollowerState::Following, lag_ms: Some(_), .. }) => {
                progress.clear();
                say(format_args!("  {text}"));
                say(format_args!("{}: caught up", found.collection));
                return Ok(ExitCode::SUCCESS);
            }
            Some(Following { state: FollowerState::Broken, .. }) => {
                return Err(format!("{} cannot follow: {text}", found.collection));
            }
            _ => {}
        }
        progress.show(following.and_then(part), &text, &found.causes);
        sleep(POLL).await;
        found = control.look(&found).await?;
    }
}

fn following(found: &Move) -> Option<&Following> {
    found.target.ownership.as_ref()?.following.as_ref()
}

fn begins(found: &Move) -> String {
    found.target.error.clone().unwrap_or_else(|| "it begins".to_owned())
}

fn told(following: &Following) -> String {
    let (state, rows, rate) = (following.state.name(), following.rows, following.rows_per_second);
    let lag = lag(following.lag_ms);
    let detail = following.detail.as_ref();
    let detail = detail.map_or(String::new(), |detail| format!("; {detail}"));
    format!("{state}: {rows} rows, {rate} rows/s, {lag}{detail}")
}

/// How much is copied; none if it is not known how much there is.
fn part(following: &Following) -> Option<Part> {
    let done = following.rows as f64;
    Some(Part { done, all: done + following.lag_changes? as f64 })
}
