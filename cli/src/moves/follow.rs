//! `banyan follow`: shows the copying until the follower has caught up.

use std::process::ExitCode;

use replication::FollowerState;
use reqwest::Client;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::args::FollowArgs;
use super::ask::{MoveControl, POLL, SHOWN};
use super::shown::{self, lag};
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
    let mut shown = Instant::now();
    loop {
        let ownership = found.target.ownership.as_ref();
        let following = ownership.and_then(|ownership| ownership.following.as_ref());
        let progress = match following {
            Some(following) => {
                let (rows, rate) = (following.rows, following.rows_per_second);
                let lag = lag(following.lag_ms);
                let detail = following.detail.as_ref();
                let detail = detail.map_or(String::new(), |detail| format!("; {detail}"));
                let state = following.state.name();
                let progress = format!("{state}: {rows} rows, {rate} rows/s, {lag}{detail}");
                if following.state == FollowerState::Following && following.lag_ms.is_some() {
                    say(format_args!("  {progress}"));
                    say(format_args!("{}: caught up", found.collection));
                    return Ok(ExitCode::SUCCESS);
                }
                if following.state == FollowerState::Broken {
                    return Err(format!("{} cannot follow: {progress}", found.collection));
                }
                progress
            }
            None => found.target.error.clone().unwrap_or_else(|| "it begins".to_owned()),
        };
        if shown.elapsed() > SHOWN {
            shown = Instant::now();
            say(format_args!("  {progress}"));
            for cause in &found.causes {
                say(format_args!("  {cause}"));
            }
        }
        sleep(POLL).await;
        found = control.look(&found).await?;
    }
}
