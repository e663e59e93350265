//! `banyan switch` and `banyan reverse`: each step with its time, and the pause.

use std::process::ExitCode;

use reqwest::Client;
use serde_json::json;

use super::args::SwitchArgs;
use super::ask::MoveControl;
use super::shown;
use crate::say::say;

/// Exit code 0 where the primary is as wanted, or, with `--dry-run`, would be; 1 otherwise.
pub(crate) async fn run(verb: &str, args: &SwitchArgs, http: Client) -> Result<ExitCode, String> {
    let options = json!({
        "maxLagMs": args.max_lag_ms,
        "deadlineMs": args.deadline_ms,
        "force": args.force,
        "dryRun": args.dry_run,
    });
    let done = MoveControl::new(&args.what, http)?.command(verb, options).await?;
    for check in &done.preflight {
        let mark = if check.ok { "ok" } else { "NO" };
        say(format_args!("  {mark}  {:10}{}", check.what, check.detail));
    }
    if args.dry_run {
        let well = done.preflight.iter().all(|check| check.ok);
        say(format_args!("{}: nothing was changed", done.collection));
        return Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Some(last) = &done.last {
        for step in &last.steps {
            say(format_args!("  {:>6} ms  {}", step.ms, step.text));
        }
    }
    shown::outcome(&done);
    Ok(ExitCode::SUCCESS)
}
