//! `banyan login`: a token for a board that `banyan up --auth` runs.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use auth::{LocalIssuer, TokenRequest};
use clap::Args;

use crate::data_dir::DataDir;
use crate::say::say;

/// The scope of a moderator.
const MODERATE: &str = "board:moderate";

#[derive(Args, Clone, Debug)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    data: DataDir,
    /// The user of the board, which need not exist yet: its first write is to make it.
    name: String,
    /// For a moderator, which may change and delete what belongs to others.
    #[arg(long)]
    moderator: bool,
    /// How long the token is good.
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=8_760))]
    hours: u32,
}

/// Prints a token.
pub(crate) fn run(args: &LoginArgs) -> Result<ExitCode, String> {
    let issuer = LocalIssuer::open(&args.data.data_dir)?.ok_or_else(|| {
        let folder = args.data.data_dir.display();
        format!("{folder} has no key for tokens: `banyan up --auth` makes one")
    })?;
    let scope = if args.moderator { MODERATE } else { "" };
    let lifetime = Duration::from_secs(u64::from(args.hours) * 60 * 60);
    let wanted = TokenRequest { user: &args.name, scope, lifetime };
    say(format_args!("{}", issuer.token(wanted, SystemTime::now())?));
    Ok(ExitCode::SUCCESS)
}
