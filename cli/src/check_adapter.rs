//! `banyan check-adapter`: checks a running program against the protocol of a move.

use std::env;
use std::process::ExitCode;

use clap::Args;
use runtime::Token;

use crate::say::say;

/// What is checked, and how.
#[derive(Args, Debug)]
pub(crate) struct CheckAdapterArgs {
    /// The collection at the program, such as http://127.0.0.1:3000/api/users. It should be one that nothing else uses: the
    /// checks write rows and delete them, and hand the collection over and back, so its epoch is two higher afterwards.
    url: String,
    #[command(flatten)]
    options: conformance::Options,
    /// Report in JSON.
    #[arg(long)]
    json: bool,
}

/// Exits 0 if no rule is broken and every check could be made, 1 otherwise.
pub(crate) async fn run(args: &CheckAdapterArgs) -> Result<ExitCode, String> {
    let token = env::var("MOVE_TOKEN");
    let token = token.map_err(|_unset| "set MOVE_TOKEN to the secret that the program has")?;
    let token: Token = token.parse().map_err(|error| format!("MOVE_TOKEN {error}"))?;
    let report = conformance::run(&args.url, token, &args.options).await?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        say(format_args!("{json}"));
    } else {
        say(format_args!("{report}"));
    }
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
