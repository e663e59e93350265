//! `banyan console`: a link that signs in to the pages of the control plane.

use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use reqwest::Client;

use crate::control::ControlArgs;
use crate::say::say;

/// What opens a URL in the user's browser.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

#[derive(Args, Clone, Debug)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    control: ControlArgs,
    /// Open the link in the browser too. Until it is used, other users of this machine can see it in the list of processes.
    #[arg(long)]
    open: bool,
    /// For a session that sees everything and changes nothing.
    #[arg(long)]
    read_only: bool,
}

/// Prints a link, and opens it if that is wanted.
pub(crate) async fn run(args: &ConsoleArgs, http: Client) -> Result<ExitCode, String> {
    let link = args.control.open(http)?.console_link(args.read_only).await?;
    say(format_args!("{}", link.url));
    eprintln!("The link works once, within {} s.", link.seconds);
    if args.open {
        open(&link.url)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn open(url: &str) -> Result<(), String> {
    let mut command = Command::new(OPENER);
    let opened = command.arg(url).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let why = match opened {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("{OPENER} ended with {status}"),
        Err(error) => format!("{OPENER}: {error}"),
    };
    Err(format!("no browser could be opened ({why}): open the link yourself"))
}
